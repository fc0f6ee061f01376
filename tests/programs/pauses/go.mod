module pauses

go 1.19
