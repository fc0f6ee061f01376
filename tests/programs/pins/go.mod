module pins

go 1.19
