// Package ans holds entropy coders of the family of asymmetric numeral systems
// (J. Duda, Asymmetric numeral systems: entropy coding combining speed of
// Huffman coding with compression rate of arithmetic coding, arXiv:1311.2540).
//
//   - Stack is rANS over any prob.Distribution, last in, first out: for
//     hierarchical and latent-variable models and for bits-back coding. Encoder
//     and Decoder put it behind the methods of package rangecoder.
//   - Block is rANS with static tables, many interleaved states: the fastest way
//     to code a block of symbols.
//   - TBlock is tANS with the same tables.
//
// An autoregressive model wants package rangecoder. docs/ans.md explains the
// family and specifies the bytes.
package ans
