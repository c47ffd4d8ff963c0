// Package bench compares foretell with other libraries, in a module of its own so
// that they do not become dependencies of foretell. It has benchmarks only:
//
//	cd bench && go test -bench . -cpu 1
//
// Those on real data need the folder that FORETELL_DATA names.
package bench
