module folklore

go 1.19
