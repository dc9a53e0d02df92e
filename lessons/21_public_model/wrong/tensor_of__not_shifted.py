"""The bits of BF16 are put into the lower half here. They are the upper half of a float32: shift them up by 16."""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = about["data_offsets"]
    stored = data[8 + n + first : 8 + n + end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<u2").astype(np.uint32)
        return bits.view(np.float32).reshape(about["shape"])
    return np.frombuffer(stored, "<f4").reshape(about["shape"])
