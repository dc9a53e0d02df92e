"""The 8 bytes of the length are forgotten: the numbers begin at byte 8 + n."""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = about["data_offsets"]
    stored = data[n + first : n + end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(about["shape"])
    return np.frombuffer(stored, "<f4").reshape(about["shape"])
