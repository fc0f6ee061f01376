module slack

go 1.19
