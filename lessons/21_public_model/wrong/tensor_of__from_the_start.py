"""The offsets are counted from the beginning of the file here. They count from where the numbers begin: 8 bytes for
the length and n bytes of header come before."""


def tensor_of(data, name):
    n = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + n])[name]
    first, end = about["data_offsets"]
    stored = data[first:end]
    if about["dtype"] == "BF16":
        bits = np.frombuffer(stored, "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(about["shape"])
    return np.frombuffer(stored, "<f4").reshape(about["shape"])
