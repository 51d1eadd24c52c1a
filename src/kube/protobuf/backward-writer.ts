/**
 * Writes protobuf from the end to the beginning: the length of a message is known when it is to be written, and nothing is copied on the
 * way. What is called first comes last.
 */
const [VARINT, FIXED_64, BYTES] = [0, 1, 2];
const FIRST_BYTES = 1 << 16;

export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  /** Where the first byte is. */
  #at = FIRST_BYTES;

  /** What `write` writes is the message. */
  message(number: number, write: () => void): void {
    // Counted from the end, which stays when the buffer grows.
    const before = this.#length;
    write();
    this.#varint(this.#length - before);
    this.#tag(number, BYTES);
  }

  text(number: number, text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#make(bytes);
    this.#buffer.write(text, this.#at);
    this.#varint(bytes);
    this.#tag(number, BYTES);
  }

  /** A whole number; negative ones as 64 bits. */
  int(number: number, value: number): void {
    this.#varint(value);
    this.#tag(number, VARINT);
  }

  double(number: number, value: number): void {
    this.#make(8);
    this.#buffer.writeDoubleLE(value, this.#at);
    this.#tag(number, FIXED_64);
  }

  finish(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  get #length(): number {
    return this.#buffer.length - this.#at;
  }

  #tag(number: number, wireType: number): void {
    this.#varint(number * 8 + wireType);
  }

  #varint(value: number): void {
    // Nearly all are lengths and tags, which need no 64 bits.
    if (value < 0 || value > 0x7fffffff) return this.#wideVarint(BigInt.asUintN(64, BigInt(Math.trunc(value))));
    let bytes = 1;
    for (let rest = value; rest > 0x7f; rest >>>= 7) bytes++;
    this.#make(bytes);
    for (let i = 0, rest = value; i < bytes; i++, rest >>>= 7) this.#buffer[this.#at + i] = i < bytes - 1 ? (rest & 0x7f) | 0x80 : rest;
  }

  #wideVarint(value: bigint): void {
    const bytes: number[] = [];
    for (let rest = value; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(value >> BigInt(7 * bytes.length)));
    this.#make(bytes.length);
    this.#buffer.set(bytes, this.#at);
  }

  /** Room for so many bytes before all others. */
  #make(bytes: number): void {
    if (this.#at < bytes) {
      const length = this.#length;
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, length + bytes));
      this.#buffer.copy(larger, larger.length - length, this.#at);
      [this.#buffer, this.#at] = [larger, larger.length - length];
    }
    this.#at -= bytes;
  }
}
