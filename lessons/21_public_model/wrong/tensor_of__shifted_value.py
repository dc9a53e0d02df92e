"""The bits are shifted, but then converted and not looked at anew: astype makes a number of a number. view leaves the
bits as they are."""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = about["data_offsets"]
    stored = data[8 + n + first : 8 + n + end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<u2").astype(np.uint32) << 16
        return bits.astype(np.float32).reshape(about["shape"])
    return np.frombuffer(stored, "<f4").reshape(about["shape"])
