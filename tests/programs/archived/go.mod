module archived

go 1.19
