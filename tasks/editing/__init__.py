"""Operations on films that lie in the media store: one or more files in, one file (or some pictures) out."""
