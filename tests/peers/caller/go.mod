module mercury.test/caller

go 1.24.0

require github.com/icholy/digest v1.2.0
