//go:build linux

package localpg

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/fault"
)

const minMajor = 15

// install is one installed PostgreSQL server.
type install struct {
	bin     string // folder of postgres, initdb, pg_config
	major   int
	postgis bool
}

// findInstall chooses the PostgreSQL to run: the one that made the data, or, for a new database (made == 0), the
// newest that has PostGIS.
func findInstall(folders []string, made int, base string) (install, error) {
	if folders == nil {
		folders = usualFolders()
	}
	var all []install
	for _, dir := range folders {
		if in, ok := inspect(dir); ok {
			all = append(all, in)
		}
	}
	slices.SortStableFunc(all, func(a, b install) int { return cmp.Compare(b.major, a.major) })
	switch {
	case len(all) == 0:
		return install{}, fault.New(fault.Unavailable, "", "localpg.notInstalled")
	case made == 0 && all[0].major < minMajor:
		return install{}, fault.New(fault.Unavailable, "", "localpg.tooOld", "version", all[0].major)
	}
	var bare *install
	for i, in := range all {
		if in.major < minMajor || made != 0 && in.major != made {
			continue
		}
		if in.postgis {
			return in, nil
		}
		if bare == nil {
			bare = &all[i]
		}
	}
	if bare == nil {
		return install{}, fault.New(fault.Unavailable, "", "localpg.otherMajor", "folder", base, "made", made)
	}
	return install{}, fault.New(fault.Unavailable, "", "localpg.noPostGIS",
		"version", bare.major, "package", fmt.Sprintf("postgresql-%d-postgis-3", bare.major))
}

// usualFolders lists where PostgreSQL's programs lie: Debian's folders, which are not in PATH, then what is in PATH.
func usualFolders() []string {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the only error is a bad pattern
	if pg, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(pg))
	}
	if config, err := exec.LookPath("pg_config"); err == nil {
		if out, err := exec.Command(config, "--bindir").Output(); err == nil {
			folders = append(folders, strings.TrimSpace(string(out)))
		}
	}
	return folders
}

var versionNumber = regexp.MustCompile(`PostgreSQL\) (\d+)`)

// inspect asks the programs themselves; a folder without a working server is not an installation.
func inspect(bin string) (install, bool) {
	for _, program := range []string{"postgres", "initdb"} {
		if _, err := os.Stat(filepath.Join(bin, program)); err != nil {
			return install{}, false
		}
	}
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	match := versionNumber.FindSubmatch(out)
	if err != nil || match == nil {
		return install{}, false
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return install{}, false
	}
	share := fmt.Sprintf("/usr/share/postgresql/%d", major)
	if out, err := exec.Command(filepath.Join(bin, "pg_config"), "--sharedir").Output(); err == nil {
		share = strings.TrimSpace(string(out))
	}
	_, err = os.Stat(filepath.Join(share, "extension", "postgis.control"))
	return install{bin: bin, major: major, postgis: err == nil}, true
}

// madeBy reads which major version made the data; 0 where there is no database yet.
func (p place) madeBy() (int, error) {
	text, err := os.ReadFile(filepath.Join(p.data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		// A folder without a version is not ours to fill: initdb works in another one and renames it when done.
		if _, err := os.Lstat(p.data); errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
	}
	if err != nil {
		return 0, diskError(err, p.data)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fault.Wrap(err, fault.Unavailable, "", "localpg.failed", "folder", p.data, "detail", "PG_VERSION is damaged")
	}
	return major, nil
}
