"""Text to speech: `tasks.voice.speech.speak`, with engines behind `tasks.voice.engine.VoiceEngine`."""
