module contexts

go 1.19
