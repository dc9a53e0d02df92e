"""The bits of BF16 are taken for whole numbers here. Shift them up by 16, and look at the same bits as float32, with
view."""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = about["data_offsets"]
    stored = data[8 + n + first : 8 + n + end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<u2").astype(np.float32)
        return bits.reshape(about["shape"])
    return np.frombuffer(stored, "<f4").reshape(about["shape"])
