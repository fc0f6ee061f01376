module finalizers

go 1.19
