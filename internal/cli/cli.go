// Package cli is the command line: what can be typed, what is printed, what a script may rely on. What the commands do
// is left to the Program, which package main wires.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"wangge/domain/audit"
	"wangge/domain/coverage"
	"wangge/domain/page"
	"wangge/domain/place"
	"wangge/internal/config"
	"wangge/internal/fault"
)

// Exit codes.
const (
	ok          = 0
	failed      = 1   // it could not be done, rows were refused, or a problem was found
	misused     = 2   // the command was not understood, or cannot be answered by this version
	interrupted = 130 // by Ctrl-C
)

// Program does what the commands say. Its errors are shown as one sentence; every method ends early, with nothing half
// done, when ctx does.
type Program interface {
	// Serve answers requests until ctx ends; it prints the operator's token and the address on out.
	Serve(ctx context.Context, s config.Settings, server config.ServerSettings, out io.Writer) error
	// Demo loads the made-up town and says in a line or more what it holds.
	Demo(ctx context.Context, s config.Settings, job DemoJob) (string, error)
	// Simulate holds a made-up country in memory and measures it; nothing is stored.
	Simulate(ctx context.Context, progress func(Progress)) (Simulation, error)
	Import(ctx context.Context, s config.Settings, job ImportJob) (place.Report, error)
	// Export returns how many it wrote.
	Export(ctx context.Context, s config.Settings, job ExportJob) (int, error)
	// ExportTiles writes the tiles of the public to an archive.
	ExportTiles(ctx context.Context, s config.Settings, job TilesJob) (TilesReport, error)
	// PrintBoards writes the signboards of a division's grids to one PDF file.
	PrintBoards(ctx context.Context, s config.Settings, job BoardsJob) (BoardsReport, error)
	// Template writes an empty list of households or residents as XLSX.
	Template(w io.Writer, kind string) error
	// Check says how each division that is asked about is covered.
	Check(ctx context.Context, s config.Settings, job CheckJob) ([]coverage.Checked, error)
	// MovePhotos takes photos that lie in the database to where photos are kept, and returns how many; left are those that are no pictures that are taken in.
	MovePhotos(ctx context.Context, s config.Settings) (moved, left int, err error)
	// Users does to accounts what job says, and returns those concerned.
	Users(ctx context.Context, s config.Settings, job UserJob) ([]User, error)
	// VerifyAudit proves the audit; known are ends of before, besides those in the data folder. *audit.Wrong: what is wrong first. each is told of every entry.
	VerifyAudit(ctx context.Context, s config.Settings, known []audit.Head, each func()) (Proved, error)
	// ListAudit returns a page of the audit, the newest first, and the logins of the accounts that acted, by their ids.
	ListAudit(ctx context.Context, s config.Settings, q audit.Query) (page.Page[audit.Link], map[string]string, error)
	// Keys says how the keys stand that residents' files are sealed with.
	Keys(ctx context.Context, s config.Settings) (KeysReport, error)
	// RotateKeys changes them.
	RotateKeys(ctx context.Context, s config.Settings, job RotateJob) (Rotated, error)
	// Migrate says in a line or more what it did or, for Status, how things stand. Down is refused where it loses what nothing makes anew, unless lose says that it may.
	Migrate(ctx context.Context, s config.Settings, to Direction, lose bool) (string, error)
}

// DemoJob is one run of demo.
type DemoJob struct {
	Size     string // community, district or city
	IfEmpty  bool   // do nothing where there are divisions already
	Beside   bool   // load it where there are other divisions, too
	Progress func(Progress)
}

// Simulation is what a country in memory came to, beside the demo city.
type Simulation struct {
	Communities, Grids, Vertices int
	Draw, Build                  time.Duration // to make the areas up, to make the structure of them
	Bytes, Peak                  uint64        // of the structure; of the whole process at most, 0 where that is not known
	Nation, City                 Speed
}

// Speed is the time to locate a point on one core, near borders and spread out; the same in processor time, 0 where that is not known;
// and points a second on all cores.
type Speed struct {
	Near, Spread       time.Duration
	NearCPU, SpreadCPU time.Duration
	All                float64
}

// ImportJob is one run of import.
type ImportJob struct {
	Kind     string // divisions, grids, buildings, roads, land, households, residents
	File     string
	CRS      string            // wgs84, cgcs2000, gcj02, bd09 or epsg:N; "": what the file says
	Fields   map[string]string // wangge's name of a field → the file's
	Level    place.Level       // of rows that name none
	Division string            // code of the division that rows belong to which name none
	Repair   bool
	DryRun   bool
	Progress func(Progress) // called now and then; never nil

	// Of households only.
	Replace, SkipRefused bool
	Refused              string         // the file for the refused rows, with their reasons
	Language             fault.Language // of those reasons

	Purpose, Case string // of residents: what they are taken in for

	Layer, Encoding, AdminLevel string // of files that have several, or do not say; "": found out
}

// Progress says how far an import is. Total is 0 where it is not known.
type Progress struct {
	Kind        string // what the rows are, where one command reads several kinds; else ""
	Rows        int
	Done, Total int64 // in a unit of the file's own
}

// ExportJob is one run of export.
type ExportJob struct {
	Kind string // divisions, grids, buildings
	File string
	CRS  string // wgs84, cgcs2000, gcj02 or bd09; "": cgcs2000, as it is stored
}

// TilesJob is one run of tiles export.
type TilesJob struct {
	File        string
	Layers      []string // none: those of the public map
	First, Last uint32   // zooms
	Settings    config.ArchiveSettings
	Progress    func(Progress)
}

// TilesReport is what an archive of tiles came to.
type TilesReport struct {
	Tiles, Contents uint64 // that can be asked for, that differ
	MinZoom         uint8  // of what there is
	MaxZoom         uint8
	Bytes           int64 // of the file
	Moved           bool  // the data changed while it was written
}

// BoardsJob is one run of signboards.
type BoardsJob struct {
	Division  string // code
	File      string
	Size      string // a0 to a4
	Landscape bool
	Language  fault.Language // that stands first on the boards
	Settings  config.BoardSettings
	Progress  func(Progress)
}

// BoardsReport is what was written.
type BoardsReport struct {
	Boards  int
	Bytes   int64
	Missing []MissingOn // what the font lacks; where the boards show 〓
	Gone    []string    // codes of grids that were dissolved meanwhile; they have no page
}

// MissingOn is what the font lacks of one board.
type MissingOn struct {
	Code       string // of the grid
	Characters string
}

// CheckJob is one run of check.
type CheckJob struct {
	Division string                // code; "": the divisions that lie in no other
	Progress func(done, total int) // communities that were looked at; never nil
}

// UserDo is what is done to accounts.
type UserDo string

// What can be done.
const (
	UserAdd     UserDo = "add"
	UserList    UserDo = "list"
	UserDisable UserDo = "disable"
	UserEnable  UserDo = "enable"
	UserReset   UserDo = "reset"
	UserLink    UserDo = "link"
	UserDemo    UserDo = "demo" // none in a town that is not the demo's
)

// UserJob is one run of user.
type UserJob struct {
	Do     UserDo
	Login  string
	Role   string // of add
	Worker string // of add: the worker's id; "": none
	Factor bool   // of reset: the second factor goes too
	Name   string // of link: the person's at the provider
}

// User is an account as the command line tells it.
type User struct {
	Login, Role, Worker string
	Post                string // of the demo's staff
	Password            string // that was made just now; "": none was
	Factor, Disabled    bool
	Provider            string // under which name it signs in by the provider; "": by a password
}

// Direction of a migration.
type Direction string

// The directions.
const (
	Up     Direction = "up"
	Down   Direction = "down"
	Status Direction = "status"
)

type grammar struct {
	config.Store

	Serve    serveCmd    `cmd:"" help:"Answer requests: pages, GraphQL, tiles."`
	Demo     demoCmd     `cmd:"" help:"Load a made-up town to try things on."`
	Import   importCmd   `cmd:"" help:"Take a file in: GeoJSON, OpenStreetMap (.osm, .pbf), what ogr2ogr reads; households from .xlsx and .csv."`
	Template templateCmd `cmd:"" help:"Write an empty list to fill in and import."`
	Export   exportCmd   `cmd:"" help:"Write a file: GeoJSON, or GeoPackage and shapefile through ogr2ogr."`
	Tiles    tilesCmd    `cmd:"" help:"Write the map's tiles to an archive for a CDN."`
	Boards   boardsCmd   `cmd:"" name:"signboards" help:"Write the signboards of all grids of a division to one PDF for the print shop."`
	Check    checkCmd    `cmd:"" help:"Find gaps, overlaps and blind spots between grids."`
	Photos   photosCmd   `cmd:"" help:"Workers' photos: take those of an older wangge out of the database."`
	User     userCmd     `cmd:"" help:"Accounts: who may sign in. Whoever works on this machine may give them, so that there is a first one."`
	Audit    auditCmd    `cmd:"" help:"Prove that nothing was changed in the audit, or show it."`
	Keys     keysCmd     `cmd:"" help:"The keys that residents' files are sealed with: how they stand, and change them."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database's tables up to date, take the last step back, or show how they stand."`
	Version  versionCmd  `cmd:"" help:"Say which wangge this is."`
}

// run is what a command is given.
type run struct {
	ctx     context.Context
	program Program
	store   config.Store
	out     io.Writer // what a script reads
	err     io.Writer // what a person reads
	lang    fault.Language
	code    int // what to exit with where there is no error
}

// settings checks the store's settings. quiet is the log level where none was asked for.
func (r *run) settings(level string) (config.Settings, error) {
	s := r.store
	if s.LogLevel == "" {
		s.LogLevel = level
	}
	return s.Check()
}

// usage is a mistake in what was typed.
type usage struct{ text string }

func (u usage) Error() string { return u.text }

// Main reads args, runs the command and returns the exit code. Ctrl-C and SIGTERM end the command cleanly, a second
// one at once.
func Main(args []string, p Program, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return runMain(ctx, args, p, out, errOut)
}

type exit int // thrown where kong wants the process to end, after --help

func runMain(ctx context.Context, args []string, p Program, out, errOut io.Writer) (code int) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	var g grammar
	parser, err := kong.New(&g,
		kong.Name("wangge"),
		kong.Description("Who is responsible for this spot, and is anyone left out? Maps every point of a town to its grid （网格） and its grid worker."),
		kong.Writers(out, errOut),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Exit(func(n int) { panic(exit(n)) }),
	)
	if err != nil {
		panic("cli: grammar: " + err.Error()) // constants, tested
	}
	r := &run{ctx: ctx, program: p, out: out, err: errOut, lang: language()}
	command, err := parser.Parse(args)
	if err != nil {
		return r.explain(usage{readable(err)})
	}
	r.store = g.Store
	if err := command.Run(r); err != nil {
		return r.explain(err)
	}
	return r.code
}

// readable is kong's message with a hint to where more is said.
func readable(err error) string {
	var parse *kong.ParseError
	hint := "wangge --help"
	if errors.As(err, &parse) && parse.Context != nil {
		if words := parse.Context.Command(); words != "" {
			hint = "wangge " + strings.Fields(words)[0] + " --help"
		}
	}
	return err.Error() + "; see " + hint
}

// explain prints err as one sentence and returns the exit code.
func (r *run) explain(err error) int {
	var wrong usage
	switch {
	case errors.As(err, &wrong):
		fmt.Fprintln(r.err, "wangge:", wrong.text)
		return misused
	case errors.Is(err, context.Canceled) && r.ctx.Err() != nil:
		fmt.Fprintln(r.err, "wangge: stopped; nothing was left half done")
		return interrupted
	}
	f := fault.As(err)
	text := f.Text(r.lang)
	if f.Code == fault.Internal { // nobody but the one who runs the command reads this
		text = err.Error()
	}
	fmt.Fprintln(r.err, "wangge:", text)
	if f.Code == fault.Invalid && f.Field == strings.ToUpper(f.Field) && f.Field != "" { // a setting
		return misused
	}
	return failed
}

// language is the one that the terminal is set to.
func language() fault.Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			if strings.HasPrefix(v, "zh") {
				return fault.Chinese
			}
			break
		}
	}
	return fault.English
}

// Levels of the log where none is asked for: a server tells what it does, a command speaks through its output.
var (
	serverLevel  = strings.ToLower(slog.LevelInfo.String())
	commandLevel = strings.ToLower(slog.LevelWarn.String())
)
