// Package foretell is lossless compression by prediction: a model says how likely
// each next symbol is, and an entropy coder spends exactly that many bits.
//
// A [Writer] turns arrays of tokens (of language models, video and audio codecs,
// anything that is integers) into a .fore file, checked, seekable and decodable in
// parallel; a [Reader] and a [ReaderAt] read it back. Package step codes single
// symbols under distributions that the caller's own model predicts.
//
// The same input gives the same bytes on every machine. Bytes that no encoder
// wrote give an error, never wrong data and never a panic.
package foretell
