//go:build !unchecked

package account

// unchecked says that nobody is refused for a role or right. Nothing that is built without the tag of that name can come to that.
func unchecked() bool { return false }
