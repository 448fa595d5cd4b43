package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLicencesAreKnownByTheirText(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ file, text, want string }{
		{"LICENSE", "The MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining\na copy of", "MIT"},
		{"COPYING.txt", "Apache License\n   Version 2.0, January 2004", "Apache-2.0"},
		{"licence.md", "Redistribution and use in source and binary forms, with or without\nmodification, are permitted provided", "BSD"},
		{"LICENSE", "GNU AFFERO GENERAL PUBLIC LICENSE", ""},
		{"README", "Permission is hereby granted, free of charge, to any person obtaining a copy of", ""},
	} {
		name := filepath.Join(dir, c.file)
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := of(dir); got != c.want {
			t.Errorf("%s with %q is %q, want %q", c.file, c.text, got, c.want)
		}
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	lock := filepath.Join(dir, "package-lock.json")
	write := func(licence string) {
		if err := os.WriteFile(lock, []byte(`{"packages": {"": {}, "node_modules/a": {"license": "`+licence+`"}, "node_modules/b": {"license": "x", "dev": true}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("(AGPL-3.0 OR MIT)")
	if n, err := npm(lock); n != 1 || err != nil {
		t.Errorf("%d packages, %v", n, err)
	}
	write("AGPL-3.0")
	if _, err := npm(lock); err == nil || !strings.Contains(err.Error(), `a is under "AGPL-3.0"`) {
		t.Error(err)
	}
}
