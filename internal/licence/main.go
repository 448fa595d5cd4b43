// Command licence says what all that the program is made of may be used under, and fails at a module that is not under one of the licences
// that are allowed: the Go modules that are linked into it, and the packages of npm that are bundled into its pages.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// allowed are licences that ask for no more than to be named (MPL-2.0: and that changes to its own files are given), by words that only their text has.
var allowed = []struct {
	name  string
	words *regexp.Regexp
}{
	{"Apache-2.0", words(`Apache License Version 2\.0`)},
	{"MPL-2.0", words(`Mozilla Public License,? Version 2\.0`)},
	{"MIT", words(`Permission is hereby granted, free of charge, to any person obtaining a copy`)},
	{"ISC", words(`Permission to use, copy, modify, and(?:/or)? distribute this software for any purpose`)},
	{"BSD", words(`Redistribution and use in source and binary forms, with or without modification, are permitted`)},
	{"FreeType", words(`FreeType License`)},
}

// words finds a text however its lines are broken.
func words(text string) *regexp.Regexp {
	return regexp.MustCompile(strings.ReplaceAll(text, " ", `\s+`))
}

// named are the same as npm names them, and those that only it has.
var named = []string{"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD", "MPL-2.0", "CC0-1.0"}

// licenceFile is what the file with a licence is called.
var licenceFile = regexp.MustCompile(`(?i)^licen[cs]e|^copying`)

func main() {
	mods, err := modules()
	if err == nil {
		var packages int
		if packages, err = npm("web/package-lock.json"); err == nil {
			fmt.Printf("%d Go modules and %d packages of npm are under licences that are allowed\n", mods, packages)
			return
		}
	}
	fmt.Fprintln(os.Stderr, "licence:", err)
	os.Exit(1)
}

// modules looks at the modules that are linked into the program.
func modules() (n int, err error) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}", ".").Output()
	if err != nil {
		return 0, fmt.Errorf("go list: %w", err)
	}
	lines := strings.Fields(strings.ReplaceAll(string(out), "\t", "|"))
	slices.Sort(lines)
	for _, line := range slices.Compact(lines) {
		path, dir, _ := strings.Cut(line, "|")
		n++
		if of(dir) == "" {
			err = errors.Join(err, fmt.Errorf("%s: no licence that is allowed is found in %s", path, dir))
		}
	}
	if n == 0 {
		err = errors.New("go list names no module")
	}
	return n, err
}

// of is the licence that a folder's files name; "": none that is allowed.
func of(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return ""
		}
		for _, a := range allowed {
			if a.words.Match(text) {
				return a.name
			}
		}
	}
	return ""
}

// npm looks at the packages that a lock file has installed for more than building.
func npm(file string) (n int, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var lock struct {
		Packages map[string]struct {
			License  string
			Dev      bool
			Optional bool
		}
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	for name, p := range lock.Packages {
		if name == "" || p.Dev || p.Optional {
			continue
		}
		n++
		choice := strings.Split(strings.Trim(p.License, "()"), " OR ")
		if !slices.ContainsFunc(choice, func(name string) bool { return slices.Contains(named, name) }) {
			err = errors.Join(err, fmt.Errorf("%s is under %q", strings.TrimPrefix(name, "node_modules/"), p.License))
		}
	}
	return n, err
}
