package main

type document map[string]interface{}
