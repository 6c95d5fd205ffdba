"""Writes the WAV files that WavFileTest reads, with SciPy and Python's wave module: two channels of a short ramp."""
import numpy as np, os, struct, wave
from scipy.io import wavfile
here = os.path.dirname(os.path.abspath(__file__))
ramp = np.stack([np.linspace(-1, 0.75, 8), np.linspace(0.5, -0.5, 8)], axis=1)
wavfile.write(os.path.join(here, "u8.wav"), 8000, (ramp * 128 + 128).astype(np.uint8))
wavfile.write(os.path.join(here, "i16.wav"), 8000, (ramp * 32768).astype(np.int16))
wavfile.write(os.path.join(here, "i32.wav"), 8000, (ramp * 2147483648).astype(np.int32))
wavfile.write(os.path.join(here, "f32.wav"), 8000, ramp.astype(np.float32))
wavfile.write(os.path.join(here, "f64.wav"), 8000, ramp.astype(np.float64))
with wave.open(os.path.join(here, "i24.wav"), "wb") as f:
    f.setnchannels(2); f.setsampwidth(3); f.setframerate(8000)
    f.writeframes(b"".join(struct.pack("<i", v)[:3] for v in (ramp * 8388608).astype(np.int32).ravel()))
print(repr(ramp))
