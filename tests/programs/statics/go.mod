module statics

go 1.19
