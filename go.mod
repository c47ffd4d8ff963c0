module github.com/foretell/foretell

go 1.26
