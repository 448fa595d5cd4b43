//go:build !linux

package coverage

func inLargePages([]byte) {}
