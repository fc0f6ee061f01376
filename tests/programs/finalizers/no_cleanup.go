//go:build !go1.24

package main

var cleanupNames []string

func cleanups() {}
