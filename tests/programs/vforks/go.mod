module vforks

go 1.19
