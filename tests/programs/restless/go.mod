module restless

go 1.19
