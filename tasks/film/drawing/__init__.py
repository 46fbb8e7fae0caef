"""Drawing for films with Skia: colours that can be read, letters that fit, and shapes, as layers of the storyboard."""
