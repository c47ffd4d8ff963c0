module github.com/foretell/foretell/bench

go 1.26.0

replace github.com/foretell/foretell => ..

require (
	github.com/flanglet/kanzi-go/v2 v2.6.0
	github.com/foretell/foretell v0.0.0-00010101000000-000000000000
	github.com/klauspost/compress v1.20.3
)

require golang.org/x/sys v0.50.0 // indirect
