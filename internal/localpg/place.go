//go:build linux

package localpg

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"wangge/internal/fault"
)

// place is where a deployment's database lies and who runs it.
type place struct {
	base      string // our folder: locks, data, run
	data      string // PostgreSQL's own
	socketDir string
	uid, gid  uint32
	switchTo  bool // this process is root and must run the server as uid
}

func (p place) startLock() string { return filepath.Join(p.base, "start.lock") }
func (p place) ownerLock() string { return filepath.Join(p.base, "owner.lock") }
func (p place) usersLock() string { return filepath.Join(p.base, "users.lock") }

const (
	folderName = "postgresql"      // below the data folder
	recordName = "postgresql.path" // says where the folder is instead, where root made it
	rootDir    = "/var/lib/wangge"

	// socketPathMax is sizeof(sockaddr_un.sun_path) without the final NUL.
	socketPathMax = 107
)

// findPlace decides where the database lies, and makes the folders that hold it.
func findPlace(opt Options) (place, error) {
	dataDir, err := filepath.Abs(opt.DataDir)
	if err != nil {
		return place{}, diskError(err, opt.DataDir)
	}
	if err := os.MkdirAll(dataDir, 0o700); err != nil {
		return place{}, diskError(err, dataDir)
	}
	// One folder has one name, so that the hash below is the same by whichever way it is reached.
	if dataDir, err = filepath.EvalSymlinks(dataDir); err != nil {
		return place{}, diskError(err, dataDir)
	}
	var p place
	if os.Geteuid() == 0 {
		p, err = rootPlace(opt, dataDir)
	} else {
		p, err = userPlace(dataDir)
	}
	if err != nil {
		return place{}, err
	}
	p.data = filepath.Join(p.base, "data")
	if p.socketDir, err = p.makeSocketDir(); err != nil {
		return place{}, err
	}
	return p, nil
}

func userPlace(dataDir string) (place, error) {
	record, base, err := readRecord(dataDir)
	if err != nil {
		return place{}, err
	}
	if base != "" {
		return place{}, fault.New(fault.Unavailable, "", "localpg.rootsFolder", "folder", record, "base", base)
	}
	p := place{base: filepath.Join(dataDir, folderName), uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}
	return p, makeDir(p.base, 0o700)
}

// rootPlace is the place where root runs the program. A database that an ordinary user made in this data folder is
// served where it is, as that user; otherwise it lies below RootDir, and the data folder records where.
func rootPlace(opt Options, dataDir string) (place, error) {
	own := filepath.Join(dataDir, folderName)
	if info, err := os.Stat(filepath.Join(own, "data")); err == nil {
		if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid != 0 {
			return place{base: own, uid: s.Uid, gid: s.Gid, switchTo: true}, nil
		}
	}
	p, err := unprivileged(opt.users)
	if err != nil {
		return place{}, err
	}
	record, base, err := readRecord(dataDir)
	if err != nil {
		return place{}, err
	}
	if base != "" {
		if _, err := os.Stat(base); errors.Is(err, fs.ErrNotExist) {
			return place{}, fault.New(fault.Unavailable, "", "localpg.missing",
				"folder", dataDir, "base", base, "record", record)
		}
		p.base = base
		// The database keeps the user that it was made with.
		if info, err := os.Stat(filepath.Join(base, "data")); err == nil {
			if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid != 0 {
				p.uid, p.gid = s.Uid, s.Gid
			}
		}
		return p, nil
	}
	root := opt.RootDir
	if root == "" {
		root = rootDir
	}
	sum := sha256.Sum256([]byte(dataDir))
	p.base = filepath.Join(root, hex.EncodeToString(sum[:6]))
	// The folders above belong to root and may be passed through; what is inside is closed to all but the user.
	if err := os.MkdirAll(p.base, 0o755); err != nil {
		return place{}, diskError(err, p.base)
	}
	// Written last: a record must never name a folder that was not made.
	if err := os.WriteFile(record, []byte(p.base+"\n"), 0o644); err != nil {
		return place{}, diskError(err, record)
	}
	return p, nil
}

func readRecord(dataDir string) (record, base string, err error) {
	record = filepath.Join(dataDir, recordName)
	text, err := os.ReadFile(record)
	if errors.Is(err, fs.ErrNotExist) {
		return record, "", nil
	}
	if err != nil {
		return record, "", diskError(err, record)
	}
	base = strings.TrimSpace(string(text))
	if !filepath.IsAbs(base) { // cut short by a full disk; the hash gives the same folder again
		return record, "", nil
	}
	// Root must not be led to a folder of somebody else's choice.
	info, err := os.Lstat(record)
	if err != nil {
		return record, "", diskError(err, record)
	}
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 0 {
		return record, "", nil
	}
	return record, base, nil
}

// unprivileged finds the account that runs PostgreSQL under root.
func unprivileged(names []string) (place, error) {
	if names == nil {
		names = []string{"postgres", "nobody"}
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return place{uid: uint32(uid), gid: uint32(gid), switchTo: true}, nil
		}
	}
	return place{}, fault.New(fault.Unavailable, "", "localpg.noUser",
		"detail", "there is no user "+strings.Join(names, " or "))
}

// makeSocketDir makes the folder whose mode decides who may connect. It lies beside the data unless the path would be
// too long for a socket.
func (p place) makeSocketDir() (string, error) {
	dir := filepath.Join(p.base, "run")
	if len(socketPath(dir)) <= socketPathMax {
		return dir, p.makeOwn(dir)
	}
	sum := sha256.Sum256([]byte(p.base))
	short := fmt.Sprintf("wangge-%d-%s", p.uid, hex.EncodeToString(sum[:6]))
	for _, parent := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		dir = filepath.Join(parent, short)
		if filepath.IsAbs(dir) && len(socketPath(dir)) <= socketPathMax {
			break
		}
	}
	return dir, p.makeOwn(dir)
}

func socketPath(dir string) string { return filepath.Join(dir, ".s.PGSQL."+port) }

// makeOwn makes a folder that only the server's user can enter. One that is there must be exactly that: in a shared
// place like /tmp anybody could have put it there first.
func (p place) makeOwn(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil && p.switchTo {
		err = os.Chown(dir, int(p.uid), int(p.gid))
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return diskError(err, dir)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return diskError(err, dir)
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if ok && s.Uid == 0 && p.switchTo && info.IsDir() { // killed between Mkdir and Chown
		if err := os.Chown(dir, int(p.uid), int(p.gid)); err != nil {
			return diskError(err, dir)
		}
	} else if !ok || !info.IsDir() || s.Uid != p.uid {
		return fault.New(fault.Unavailable, "", "localpg.socketTaken", "folder", dir)
	}
	if info.Mode().Perm() != 0o700 {
		return diskError(os.Chmod(dir, 0o700), dir)
	}
	return nil
}

func makeDir(dir string, mode fs.FileMode) error { return diskError(os.MkdirAll(dir, mode), dir) }

// diskError names the folder in an error of the file system; nil stays nil.
func diskError(err error, folder string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.Wrap(err, fault.Unavailable, "", "localpg.diskFull", "folder", folder)
	}
	detail := err.Error()
	var path *fs.PathError
	if errors.As(err, &path) {
		detail = path.Err.Error()
	}
	return fault.Wrap(err, fault.Unavailable, "", "localpg.notWritable", "folder", folder, "detail", detail)
}
