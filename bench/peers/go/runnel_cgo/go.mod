module runnel_cgo

go 1.23
