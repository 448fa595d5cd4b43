// Command wangge maps every point of a town to its grid (网格) and its grid worker: a GraphQL server over PostGIS with
// the pages and tiles that people use. This file wires the rooms together; what each does is said there.
package main

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wangge/album"
	"wangge/db"
	"wangge/domain/access"
	"wangge/domain/account"
	"wangge/domain/around"
	"wangge/domain/audit"
	"wangge/domain/board"
	"wangge/domain/coverage"
	"wangge/domain/grid"
	"wangge/domain/key"
	"wangge/domain/place"
	"wangge/domain/resident"
	"wangge/domain/scene"
	"wangge/domain/search"
	"wangge/domain/staff"
	"wangge/geo/coord"
	"wangge/graph"
	"wangge/graph/node"
	"wangge/internal/answer"
	"wangge/internal/cli"
	"wangge/internal/config"
	"wangge/internal/fault"
	"wangge/internal/httpauth"
	"wangge/internal/jobs"
	"wangge/internal/localpg"
	"wangge/internal/oidc"
	"wangge/internal/ops"
	"wangge/live"
	"wangge/load"
	"wangge/load/demo"
	"wangge/signboard"
	"wangge/signboard/paper"
	"wangge/tile"
	"wangge/tile/style"
	"wangge/web"
)

func main() { os.Exit(cli.Main(os.Args[1:], program{}, os.Stdout, os.Stderr)) }

// program is what the commands drive.
type program struct{}

// Serve implements cli.Program. The address is opened first: that it is taken is found out before anything is started. Until
// the data is in memory it answers that it is not ready.
func (program) Serve(ctx context.Context, s config.Settings, server config.ServerSettings, out io.Writer) error {
	log := ops.NewLogger(os.Stderr, s.LogLevel, s.LogJSON)
	slog.SetDefault(log)
	listener, err := ops.Listen(server.Addr)
	if err != nil {
		return err
	}
	door, served := ops.NewDoor(server.CORSOrigins), make(chan error, 1)
	go func() {
		defer close(served)
		served <- ops.Serve(ctx, listener, door, log)
	}()
	defer func() { listener.Close(); <-served }() // a server that did not come up answers nobody any more
	token, made, err := httpauth.OpenToken(s.Data)
	if err != nil {
		return err
	}
	h, err := open(ctx, s, s.StatementTimeout, log)
	if err != nil {
		return err
	}
	defer h.close(ctx)
	if h.access.Sealer, err = sealer(s); err != nil {
		return err
	}
	newest, err := h.migrate(ctx)
	if err != nil {
		return err
	}
	if err := h.openAudit(s); err != nil {
		return err
	}
	h.grids.NearestLimitM, h.grids.Window = server.NearestLimitM, server.Window
	here := addressOf(listener, server.PublicURL)
	if config.IsLoopback(here) {
		log.Warn("links and QR codes work on this machine only: set PUBLIC_URL to the address that people use", "public_url", here.String())
	}
	keeping, stop := context.WithCancel(ctx)
	h.search.Until = keeping
	h.enliven(s.Zone, newest)
	h.openTiles(server)
	var kept sync.WaitGroup
	defer func() { stop(); kept.Wait(); h.anchor(ctx) }()
	kept.Go(func() { h.live.Run(keeping) })
	if err := h.live.WaitLoaded(ctx); err != nil {
		return err
	}
	if err := h.residents.Keys.Check(ctx); err != nil {
		log.Error("residents' files cannot be opened", "error", err) // all else goes on
	}
	go func() {
		if err := h.search.Warm(ctx, account.Anyone()); err != nil && ctx.Err() == nil {
			log.Warn("the search index is not made yet; the first search will make it", "error", err)
		}
	}()
	handler, err := h.handler(server, token, newest, here)
	if err != nil {
		return err
	}
	kept.Go(func() { h.coverage.Keep(keeping, account.TheOperator(), log) })
	kept.Go(func() { h.audit.Keep(keeping, log) })
	kept.Go(func() {
		if err := h.album.Check(keeping); err != nil && keeping.Err() == nil {
			log.Warn("workers' photos cannot be kept: correct PHOTOS_URL, or who may write there", "error", err)
		}
		h.staff.KeepSwept(keeping, account.TheOperator(), log)
	})
	kept.Go(func() { h.work(keeping, s.AuditDays) })
	if made {
		fmt.Fprintln(out, "operator token", token)
	}
	ops.GrowHeap()
	door.Open(handler)
	fmt.Fprintf(out, "listening on http://%s\n", listener.Addr())
	return <-served
}

// Demo implements cli.Program.
func (program) Demo(ctx context.Context, s config.Settings, job cli.DemoJob) (text string, err error) {
	err = audited(ctx, s, byHand(account.TheOperator()), audit.Entry{Action: audit.LoadDemo}, func(ctx context.Context, h *house) error {
		if job.IfEmpty {
			roots, err := h.places.Roots(ctx, byHand(account.TheOperator()), place.Fields{})
			if err != nil {
				return err
			}
			if len(roots) > 0 {
				text = "there is a town already: " + roots[0].Name
				return nil
			}
		}
		region := demo.Make(demo.Size(job.Size))
		if !job.Beside {
			if err := load.CheckAlone(ctx, byHand(account.TheOperator()), h.services(), region); err != nil {
				return err
			}
		}
		text, err = load.Region(ctx, byHand(account.TheOperator()), h.services(), region, func(part string, rows, of int) {
			job.Progress(cli.Progress{Kind: part, Rows: rows, Done: int64(rows), Total: int64(of)})
		})
		return err
	})
	return text, err
}

// Simulate implements cli.Program.
func (program) Simulate(ctx context.Context, progress func(cli.Progress)) (cli.Simulation, error) {
	s, err := load.Simulate(ctx, func(part string, rows, of int) {
		progress(cli.Progress{Kind: part, Rows: rows, Done: int64(rows), Total: int64(of)})
	})
	speed := func(s load.Speed) cli.Speed { return cli.Speed(s) }
	return cli.Simulation{Communities: s.Communities, Grids: s.Grids, Vertices: s.Vertices, Draw: s.Draw, Build: s.Build, Bytes: s.Bytes, Peak: s.Peak,
		Nation: speed(s.Nation), City: speed(s.City)}, err
}

// Import implements cli.Program.
func (program) Import(ctx context.Context, s config.Settings, job cli.ImportJob) (report place.Report, err error) {
	why := resident.Why{Purpose: audit.Purpose(strings.ToUpper(job.Purpose)), Case: job.Case}
	if job.Purpose != "" { // before it is noted, which takes no other
		if err := why.Check(); err != nil {
			return report, err
		}
	}
	err = audited(ctx, s, byHand(account.TheOperator()), audit.Entry{Action: audit.Import, Object: audit.Object{Kind: strings.ToUpper(job.Kind)}, Purpose: why.Purpose, Case: why.Case}, func(ctx context.Context, h *house) (err error) {
		report, err = load.Import(ctx, byHand(account.TheOperator()), h.services(), load.Job{
			Kind: load.Kind(job.Kind), Path: job.File,
			Options: load.Options{CRS: job.CRS, Layer: job.Layer, Encoding: job.Encoding, AdminLevel: job.AdminLevel},
			Fields:  job.Fields, Level: job.Level, Division: job.Division, Repair: job.Repair, DryRun: job.DryRun,
			SkipRefused: job.SkipRefused, Replace: job.Replace, Refused: job.Refused, Language: job.Language,
			Why: why,
			Progress: func(done, total int64, rows int) {
				job.Progress(cli.Progress{Rows: rows, Done: done, Total: total})
			},
		})
		return err
	})
	return report, err
}

// Template implements cli.Program.
func (program) Template(w io.Writer, kind string) error {
	if load.Kind(kind) == load.Residents {
		return load.ResidentTemplate(w)
	}
	return load.HouseholdTemplate(w)
}

// Export implements cli.Program.
func (program) Export(ctx context.Context, s config.Settings, job cli.ExportJob) (n int, err error) {
	err = audited(ctx, s, byHand(account.TheOperator()), audit.Entry{Action: audit.Export, Object: audit.Object{Kind: strings.ToUpper(job.Kind)}}, func(ctx context.Context, h *house) (err error) {
		n, err = load.ExportFile(ctx, byHand(account.TheOperator()), h.services(), load.ExportJob{
			Kind: load.Kind(job.Kind), Path: job.File, System: coord.System(strings.ToUpper(job.CRS)),
		})
		return err
	})
	return n, err
}

// ExportTiles implements cli.Program. The tiles are drawn as a server draws them, from what is in memory.
func (program) ExportTiles(ctx context.Context, s config.Settings, job cli.TilesJob) (report cli.TilesReport, err error) {
	layers := job.Layers
	if len(layers) == 0 {
		layers = style.Layers()
	}
	err = withHouse(ctx, s, func(h *house) error {
		keeping, stop := context.WithCancel(ctx)
		h.enliven(s.Zone, 0) // the version of the tables is part of a name that nobody asks for here
		var kept sync.WaitGroup
		defer func() { stop(); kept.Wait() }()
		kept.Go(func() { h.live.Run(keeping) })
		if err := h.live.WaitLoaded(ctx); err != nil {
			return err
		}
		began := h.live.State()
		o := h.tileOptions()
		o.Attribution = job.Settings.Attribution
		o.Limit, o.Timeout = job.Settings.TileLimit, time.Hour // a slow tile is no reason to give up all others
		if job.Settings.PublicURL != nil {
			o.Signboards = job.Settings.PublicURL.String()
		}
		done, err := tile.New(o).Export(ctx, job.File, tile.Export{
			Layers: layers, First: job.First, Last: job.Last, Version: fmt.Sprint(began.N), Occupied: h.tiles.Occupied,
			Progress: func(done, total uint64) {
				job.Progress(cli.Progress{Rows: int(done), Done: int64(done), Total: int64(total)})
			},
		})
		report = cli.TilesReport{Tiles: done.Tiles, Contents: done.Contents, MinZoom: done.MinZoom, MaxZoom: done.MaxZoom, Bytes: done.Bytes,
			Moved: h.live.State() != began}
		return err
	})
	return report, err
}

// PrintBoards implements cli.Program. The boards are those of a server, one page each.
func (program) PrintBoards(ctx context.Context, s config.Settings, job cli.BoardsJob) (report cli.BoardsReport, err error) {
	fonts, err := paper.Load(job.Settings.Fonts)
	if err != nil {
		return report, err
	}
	err = withHouse(ctx, s, func(h *house) error {
		keeping, stop := context.WithCancel(ctx)
		h.enliven(s.Zone, 0) // the version of the tables is part of a name that nobody asks for here
		var kept sync.WaitGroup
		defer func() { stop(); kept.Wait() }()
		kept.Go(func() { h.live.Run(keeping) })
		if err := h.live.WaitLoaded(ctx); err != nil {
			return err
		}
		from := h.signboards(job.Settings.PublicURL.String(), job.Settings.Attribution, job.Settings.Approval)
		done, err := signboard.Print(ctx, byHand(account.TheOperator()), from, fonts, signboard.Job{
			Division: job.Division, File: job.File, Format: signboard.Format{Size: job.Size, Landscape: job.Landscape}, Lang: job.Language,
			Progress: func(done, total int) {
				job.Progress(cli.Progress{Rows: done, Done: int64(done), Total: int64(total)})
			},
		})
		report.Boards, report.Bytes, report.Gone = done.Boards, done.Bytes, done.Gone
		for _, m := range done.Missing {
			report.Missing = append(report.Missing, cli.MissingOn(m))
		}
		return err
	})
	return report, err
}

// signboards reads what they say. Codes on them begin with public.
func (h *house) signboards(public, credit, approval string) *signboard.Source {
	return &signboard.Source{Grids: h.grids, Staff: h.staff, Places: h.places, Around: h.around, Boards: h.boards, PublicURL: public, Credit: credit, Approval: approval, Log: h.log}
}

// Check implements cli.Program.
func (program) Check(ctx context.Context, s config.Settings, job cli.CheckJob) (found []coverage.Checked, err error) {
	err = withHouse(ctx, s, func(h *house) (err error) {
		found, err = h.coverage.Check(ctx, byHand(account.TheOperator()), h.places, h.grids, job.Division, job.Progress)
		return err
	})
	return found, err
}

// MovePhotos implements cli.Program.
func (program) MovePhotos(ctx context.Context, s config.Settings) (moved, left int, err error) {
	err = audited(ctx, s, byHand(account.TheOperator()), audit.Entry{Action: audit.MovePhotos}, func(ctx context.Context, h *house) (err error) {
		moved, left, err = h.staff.MovePhotos(ctx, byHand(account.TheOperator()))
		return err
	})
	return moved, left, err
}

// Migrate implements cli.Program.
func (program) Migrate(ctx context.Context, s config.Settings, to cli.Direction, lose bool) (string, error) {
	h, err := open(ctx, s, -1, commandLog(s))
	if err != nil {
		return "", err
	}
	defer h.close(ctx)
	var lines []string
	switch to {
	case cli.Up:
		done, err := db.MigrateUp(ctx, h.pool)
		for _, m := range done {
			lines = append(lines, "applied "+m.File)
		}
		if len(done) > 0 {
			err = errors.Join(err, h.noteMigrated(ctx, s, audit.MigrateUp, done[len(done)-1].Version))
		}
		if err != nil || len(done) > 0 {
			return strings.Join(lines, "\n"), err
		}
		return "nothing to do: the tables are up to date", nil
	case cli.Down:
		m, err := db.MigrateDown(ctx, h.pool, lose)
		if err == nil {
			err = h.noteMigrated(ctx, s, audit.MigrateDown, m.Version)
		}
		return "took back " + m.File, err
	}
	all, err := db.MigrationStatus(ctx, h.pool)
	for _, m := range all {
		state := "pending"
		if !m.Applied.IsZero() {
			state = "applied " + m.Applied.In(s.Zone).Format(time.DateTime)
		}
		lines = append(lines, fmt.Sprintf("%-40s %s", m.File, state))
	}
	return strings.Join(lines, "\n"), err
}

// noteMigrated notes which migration a command came to, or took back, where there is an audit to note it in.
func (h *house) noteMigrated(ctx context.Context, s config.Settings, what audit.Action, version int64) error {
	if version < db.AuditSince || what == audit.MigrateDown && version == db.AuditSince {
		return nil
	}
	if err := h.openAudit(s); err != nil {
		return err
	}
	defer h.anchor(ctx)
	return h.audit.Record(ctx, byHand(account.TheOperator()), audit.Entry{Action: what, Object: audit.Object{Kind: "MIGRATION", ID: fmt.Sprint(version)}})
}

// maxConns lets a dozen slow statements leave room for quick ones; DATABASE_URL may say pool_max_conns instead.
const maxConns = 16

// house is what stands on one database.
type house struct {
	log     *slog.Logger
	private *localpg.Server // nil where DATABASE_URL names a database
	pool    *pgxpool.Pool
	store   *db.DB
	live    *live.Live // nil but in a server
	tiles   *db.Tiles
	scenes  tile.Scenes  // what tiles are drawn from
	tile    *tile.Server // nil but in a server
	places  *place.Service
	grids   *grid.Service
	search  *search.Service
	staff   *staff.Service
	access  *access.Service
	boards  *board.Service
	around  *around.Service
	audit   *audit.Service // nil until openAudit
	album   *album.Album

	coverage  *coverage.Service
	residents *resident.Service
}

// open connects to the database, starting the private one where none is named. timeout below 0 is none.
func open(ctx context.Context, s config.Settings, timeout time.Duration, log *slog.Logger) (_ *house, err error) {
	h := &house{log: log}
	defer func() {
		if err != nil {
			h.close(ctx)
		}
	}()
	address := s.DatabaseURL
	if address == "" {
		if h.private, err = localpg.Start(ctx, localpg.Options{DataDir: s.Data, Log: log}); err != nil {
			return nil, err
		}
		address = h.private.URL()
	}
	if h.pool, err = db.Open(ctx, address, db.Options{StatementTimeout: timeout, MaxConns: maxConns}); err != nil {
		return nil, err
	}
	store := db.New(h.pool)
	store.Zone = s.Zone
	h.store = store
	h.tiles = db.NewTiles(store)
	h.scenes = scene.Service{Store: db.NewScenes(store), Zone: s.Zone}
	h.places = &place.Service{Store: db.NewPlaces(store), Now: time.Now}
	h.search = &search.Service{Store: db.NewSearch(store)}
	h.grids = &grid.Service{Store: db.NewGrids(store), Addresses: h.search, Now: time.Now}
	h.album = album.Folder(filepath.Join(s.Data, "photos"))
	if s.PhotosURL != nil {
		h.album = album.At(s.PhotosURL)
	}
	h.staff = &staff.Service{Store: db.NewStaff(store), Now: time.Now, Zone: s.Zone, IDs: key.Random{}, Pictures: h.album}
	h.access = access.New(db.NewAccounts(store))
	h.access.Staff, h.access.Grids, h.access.Places = h.staff, h.grids, h.places
	h.around = &around.Service{Store: db.NewAround(store), Grids: h.grids, Places: h.places, Now: time.Now}
	h.boards = &board.Service{Store: db.NewBoards(store), Places: h.places, Grids: h.grids, Staff: h.staff, Limits: h.around}
	h.coverage = &coverage.Service{Store: db.NewCoverage(store), Now: time.Now, Zone: s.Zone}
	h.residents = residents(store, s)
	return h, nil
}

// sealer seals second factors with the key that is set, or that of the data folder.
func sealer(s config.Settings) (access.Sealer, error) {
	if s.AccessKey != nil {
		return access.NewSealer(*s.AccessKey)
	}
	key, err := httpauth.OpenKey(s.Data)
	if err != nil {
		return nil, err
	}
	return access.NewSealer(key)
}

// auditKeyFile is the name of the audit's secret in the data folder.
const auditKeyFile = "audit.key"

// openAudit reads the audit's keys, which are made where there are none.
func (h *house) openAudit(s config.Settings) (err error) {
	secrets := s.AuditKeys
	if len(secrets) == 0 {
		secret, _, err := httpauth.OpenSecret(s.Data, auditKeyFile)
		if err != nil {
			return err
		}
		secrets = []string{secret}
	}
	if h.store.Keys, err = audit.NewKeys(secrets...); err != nil {
		return err
	}
	h.audit = &audit.Service{Store: db.NewAudit(h.store), Keys: h.store.Keys, Anchors: ops.Heads{Data: s.Data}, Now: time.Now}
	h.store.Sealed = h.audit.Sealed
	h.residents.Recorder = h.audit
	return nil
}

// anchor keeps the ends of the audit, the last thing that is done.
func (h *house) anchor(ctx context.Context) {
	if _, err := h.audit.Anchor(context.WithoutCancel(ctx)); err != nil {
		h.log.Error("the ends of the audit", "error", err)
	}
}

// work has done what is due once in all servers of the database, until ctx ends.
func (h *house) work(ctx context.Context, auditDays int) {
	queue := jobs.Queue{Pool: h.pool, Log: h.log, Jobs: []jobs.Job{
		{Name: "residents", Every: time.Hour, Do: func(ctx context.Context) error {
			done, err := h.residents.Expire(ctx)
			if done != (resident.Ended{}) {
				h.log.Info("residents' files that were over are removed", "people", done.People, "residencies", done.Residencies, "tags", done.Tags, "forms", done.Forms)
			}
			return err
		}},
		{Name: "audit", Every: time.Hour, Do: func(ctx context.Context) error {
			_, err := h.audit.Prune(ctx, auditDays)
			return err
		}},
	}}
	for {
		err := queue.Run(ctx)
		if ctx.Err() != nil {
			return
		}
		h.log.Error("what is due at times is not done; it is tried again in a minute", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
		}
	}
}

// enliven lets the services answer from memory what it holds. schema is the version of the tables.
func (h *house) enliven(zone *time.Location, schema int64) {
	h.live = live.New(live.Options{Source: db.NewLive(h.store), Zone: zone, Log: h.log, Schema: schema, Ended: h.access.Forget})
	h.store.Memory = h.live
	h.places.Now, h.grids.Now, h.staff.Now, h.around.Now = h.live.Clock, h.live.Clock, h.live.Clock, h.live.Clock
	h.access.Version = func() (string, bool) {
		version, ok := h.live.Version()
		return version, ok && h.live.Hears()
	}
	h.places.Store = live.Places{Store: h.places.Store, Live: h.live}
	h.grids.Store = live.Grids{Store: h.grids.Store, Live: h.live}
	h.staff.Store = live.Staff{Store: h.staff.Store, Live: h.live}
	h.scenes = live.Scenes{Store: db.NewScenes(h.store), Live: h.live}
	h.grids.Ground, h.staff.Roster, h.places.Tree = h.live.Ground, h.live.Roster, h.live.Tree
	h.around.Ground, h.around.Version = h.live.Ground, h.live.VersionIn
	h.grids.InTouch, h.search.InTouch, h.around.InTouch = h.live.InTouch, h.live.InTouch, h.live.InTouch
	h.search.Version = func(ctx context.Context) (string, bool) { return h.live.VersionIn(ctx, h.live.Clock()) }
}

// tileOptions are what tiles are made of; the house is enlivened.
func (h *house) tileOptions() tile.Options {
	return tile.Options{Source: h.tiles, Scenes: h.scenes, Problems: db.NewCoverage(h.store), Now: h.live.Clock, Logger: h.log}
}

// openTiles makes the server of tiles, and has it told what changes. The house is enlivened, and does not run yet.
func (h *house) openTiles(server config.ServerSettings) {
	o := h.tileOptions()
	o.Attribution = server.Attribution
	o.Cache, o.Limit, o.Version = server.TileCache, server.TileLimit, h.live.Version
	if server.PublicURL != nil { // else pages link relatively, and tiles name the address they were asked at
		public := server.PublicURL.String()
		o.Signboards, o.PublicURL = public, func(*http.Request) string { return public }
	}
	h.tile = tile.New(o)
	h.live.Reported = h.tile.Reported
	h.live.Changed = func(c live.Change) {
		turn := tile.Turn{Is: h.sceneOf(c.Is), Version: c.Is.Order(), Anew: c.Anew || c.AllDrawn}
		if c.Was != nil {
			turn.Was = h.sceneOf(c.Was)
		}
		for _, d := range c.Drawn {
			turn.Drawn = append(turn.Drawn, tile.Drawn(d))
		}
		h.tile.Changed(turn)
	}
}

// sceneOf is what a map shows of a state at its beginning.
func (h *house) sceneOf(s *live.State) scene.Scene {
	return scene.Scene{At: s.Ground.Since(), Day: s.Roster.From(), Ground: s.Ground, Roster: s.Roster}
}

// awaitServers waits until what this command committed is in force in every server, that who reads after it reads it.
func (h *house) awaitServers(ctx context.Context) {
	n := h.store.Noted()
	if n == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if !db.NewLive(h.store).AwaitServers(ctx, n) {
		h.log.Warn("it is done, but a server does not answer by it yet", "change", n)
	}
}

// migrate brings the tables up to date and returns their version.
func (h *house) migrate(ctx context.Context) (newest int64, err error) {
	done, err := db.MigrateUp(ctx, h.pool)
	if err != nil {
		return 0, err
	}
	for _, m := range done {
		h.log.Info("migrated", "file", m.File)
	}
	all, err := db.MigrationStatus(ctx, h.pool)
	for _, m := range all {
		newest = max(newest, m.Version)
	}
	return newest, err
}

func (h *house) services() load.Services {
	return load.Services{Places: h.places, Grids: h.grids, Staff: h.staff, Residents: h.residents}
}

// close lets go of the database. It does so also when ctx has ended, which is why it is called. Who owns the private
// PostgreSQL waits ten seconds for the other processes that use it and then stops it all the same; one of them starts
// it again.
func (h *house) close(ctx context.Context) {
	if h.album != nil {
		if err := h.album.Close(); err != nil {
			h.log.Warn("leaving the place of the photos", "error", err)
		}
	}
	if h.pool != nil {
		h.pool.Close()
	}
	if h.private != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if err := h.private.Close(ctx); err != nil {
			h.log.Warn("stopping the private PostgreSQL", "error", err)
		}
	}
}

// withHouse runs a command on an up-to-date database, without a limit on how long a statement takes.
func withHouse(ctx context.Context, s config.Settings, do func(*house) error) error {
	h, err := open(ctx, s, -1, commandLog(s))
	if err != nil {
		return err
	}
	defer h.close(ctx)
	if _, err := h.migrate(ctx); err != nil {
		return err
	}
	err = do(h)
	h.awaitServers(ctx) // also where an error came after a part was done
	return err
}

// withAudit is withHouse with the audit open.
func withAudit(ctx context.Context, s config.Settings, do func(*house) error) error {
	return withHouse(ctx, s, func(h *house) error {
		if err := h.openAudit(s); err != nil {
			return err
		}
		return do(h)
	})
}

// audited is withHouse for a command of an actor that the audit notes, with the changes that it makes.
func audited(ctx context.Context, s config.Settings, actor account.Actor, e audit.Entry, do func(context.Context, *house) error) error {
	return withAudit(ctx, s, func(h *house) error {
		defer h.anchor(ctx)
		return h.audit.Do(ctx, actor, e, func(ctx context.Context) error { return do(ctx, h) })
	})
}

func commandLog(s config.Settings) *slog.Logger {
	return ops.NewLogger(os.Stderr, s.LogLevel, s.LogJSON)
}

// handler is every route with everything around it.
func (h *house) handler(server config.ServerSettings, token string, newest int64, here *url.URL) (http.Handler, error) {
	public := ""
	if server.PublicURL != nil {
		public = server.PublicURL.String()
	}
	metrics := ops.NewMetrics(h.pool.Stat)
	metrics.Watch(func() ops.Held {
		f := h.live.Figures()
		held := ops.Held{Age: h.live.Age(), Loads: f.Loads, Changes: f.Changes, LoadTook: f.LoadTook, ChangeTook: f.ChangeTook}
		if s := h.live.State(); s != nil {
			held.Change, held.Grids = s.N, s.Ground.Len()
		}
		return held
	})
	mux := http.NewServeMux()
	mux.Handle("GET /livez", ops.Live())
	mux.Handle("GET /readyz", ops.Ready(h.log, h.live.AsOf, ops.Database(h.pool), ops.Schema(h.pool, newest), ops.Coverage(h.live.AsOf, h.live.Behind)))
	mux.Handle("GET /metrics", metrics.Handler())
	origins := append([]string{here.Scheme + "://" + here.Host}, server.CORSOrigins...)
	entry, err := httpauth.New(httpauth.Options{Operator: token, Access: h.access, Secure: here.Scheme == "https", Origins: origins})
	if err != nil {
		return nil, config.Bad("CORS_ORIGINS", strings.Join(server.CORSOrigins, ","), "but it cannot be used: %v", err)
	}
	h.access.Demo = onlyHere(server.Addr, server.PublicURL)
	h.access.Idle, h.access.Longest = server.SessionIdle, server.SessionMax
	api, err := graph.NewHandler(&graph.Resolver{
		Places: h.places, Grids: h.grids, Staff: h.staff, Coverage: h.coverage, Search: h.search, Boards: h.boards, Around: h.around, Access: h.access, Audit: h.audit, Residents: h.residents,
		PhotoURL:     func(w staff.Worker) string { return here.String() + "/photos/" + w.Key.String() },
		Tilesets:     func(context.Context) ([]*node.Tileset, error) { return tilesets(here.String()), nil },
		TilesChanged: tilesChanged(h.tile),
	}, graph.Options{
		Log: h.log, RequestID: answer.RequestID, AnswerCache: cmp.Or(server.AnswerCache, -1),
		Trusted: server.TrustedFolder, OnlyTrusted: server.OnlyTrusted, StaffCost: server.StaffCost,
		Version: h.live.Version, AsOf: h.live.AsOf,
		Origin: ops.Origin(server.TrustedProxies),
		Auth:   entry.Who, Origins: origins,
	})
	if err != nil {
		return nil, config.Bad("TRUSTED_DOCUMENTS", server.TrustedFolder, "but not all its documents can be trusted: %v", err)
	}
	if err := metrics.Answers(func() (hits, misses, bytes uint64) {
		kept := api.AnswerStats()
		return kept.Hits, kept.Misses, kept.Bytes
	}); err != nil {
		return nil, err
	}
	if err := metrics.Subscriptions(api.Subscriptions); err != nil {
		return nil, err
	}
	mux.Handle("/graphql", api)
	mux.Handle("GET /schema.graphql", schema())
	metrics.Tiles(func() ops.TileFigures {
		asked, kept := h.tile.Stats()
		figures := ops.TileFigures{Bytes: kept.Bytes, Entries: kept.Entries, Evicted: kept.Evicted, Purged: kept.Purged}
		for _, a := range asked {
			figures.Asked = append(figures.Asked, ops.TilesAsked(a))
		}
		return figures
	})
	mux.Handle("/tiles/", h.tile)
	site := style.Site{PublicURL: public, Log: h.log, AsOf: tile.AsOf, Attribution: server.Attribution, Box: func() *place.Box {
		if s := h.live.State(); s != nil {
			return s.Extent
		}
		return nil
	}}
	var basemapOrigins []string
	if b := server.Basemap; b != nil {
		site.Basemap, basemapOrigins = &style.Basemap{Sources: b.Sources, Layers: b.Layers, Sprite: b.Sprite, Attribution: b.Attribution}, b.Origins
	}
	mux.Handle("GET /style.json", style.Handler(site))
	fonts, err := paper.Load(server.Fonts)
	switch {
	case err == nil:
		signboard.Register(mux, signboard.Options{Source: h.signboards(here.String(), server.Attribution, server.Approval), Fonts: fonts, Log: h.log, Frame: frame,
			Prints: h.boards, SameOrigin: entry.SameOrigin, Audit: h.audit, Origin: ops.Origin(server.TrustedProxies), Version: h.live.Version})
	case fault.Is(err, fault.Unavailable):
		h.log.Warn("there are no signboards", "error", err)
	default:
		return nil, config.Bad("FONTS", server.Fonts, "but it cannot be used: %v", err)
	}
	web.Register(mux, web.Options{Boards: fonts != nil, Printed: h.boards, State: h.state, Grids: h.grids, Staff: h.staff, Places: h.places, Coverage: h.coverage, Around: h.around, Search: h.search, Access: h.access, Sessions: entry, Provider: h.provider(server.OIDC, here), Audit: h.audit, Origin: ops.Origin(server.TrustedProxies), ClientNetwork: ops.ClientNetwork(server.TrustedProxies), HouseholdTemplate: load.HouseholdTemplate, PublicURL: public, Basemap: basemapOrigins, Log: h.log,
		AsOf: func() (time.Time, bool) { at, current := h.live.AsOf(); return at.In(h.live.Zone), current }})
	around := ops.Wrap(mux, ops.Options{
		Log: h.log, Metrics: metrics, Auth: entry.Who, Looks: entry.Looks, CORSOrigins: server.CORSOrigins,
		HTTPS:     here.Scheme == "https",
		RateLimit: server.RateLimit, Compressed: "/tiles/", TrustedProxies: server.TrustedProxies,
	})
	if !h.access.Demo {
		return around, nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if httpauth.FromElsewhere(r) {
			r = r.WithContext(access.FromElsewhere(r.Context()))
		}
		around.ServeHTTP(w, r)
	}), nil
}

// provider is where people sign in instead; nil: nowhere.
func (h *house) provider(o *config.OIDC, here *url.URL) web.Provider {
	if o == nil {
		return nil
	}
	return oidc.New(oidc.Options{Issuer: o.Issuer, ClientID: o.ClientID, Secret: o.Secret, Name: o.Name, Claim: o.Claim, Factor: o.Factor,
		Here: here.String(), Sealer: h.access.Sealer, Now: time.Now, Log: h.log})
}

// frame is that of the resident's pages.
func frame(r *http.Request, p signboard.Page) ([]byte, error) { return web.Frame(r, web.Framed(p)) }

// state names the state of the data that is in memory; "": nothing was read yet.
func (h *house) state() string {
	if s := h.live.State(); s != nil {
		return s.Order()
	}
	return ""
}

// tilesets are the layers as GraphQL tells them.
func tilesets(base string) []*node.Tileset {
	var list []*node.Tileset
	for _, l := range tile.Layers() {
		at := base + "/tiles/" + l.Name
		list = append(list, &node.Tileset{ID: l.Name, TileURL: at + "/{z}/{x}/{y}.mvt", TileJSONURL: at + ".json",
			MinZoom: int(l.MinZoom), MaxZoom: tile.MaxZoom})
	}
	return list
}

// tilesChanged is what changes in tiles as GraphQL tells it.
func tilesChanged(tiles *tile.Server) func(context.Context, string, []string) (func(context.Context) (*node.TilesChange, error), error) {
	return func(ctx context.Context, since string, layers []string) (func(context.Context) (*node.TilesChange, error), error) {
		following, err := tiles.Follow(account.FromContext(ctx), since, layers)
		if err != nil {
			return nil, err
		}
		return func(ctx context.Context) (*node.TilesChange, error) {
			c, err := following.Next(ctx)
			if err != nil {
				return nil, err
			}
			return &node.TilesChange{Version: c.Version, Everything: c.Everything, Layers: c.Layers, Boxes: c.Extents,
				OfZooms: func(minZoom, maxZoom int) ([]node.TileID, error) {
					found, err := c.Tiles(minZoom, maxZoom)
					if err != nil {
						return nil, err
					}
					list := make([]node.TileID, len(found))
					for i, t := range found {
						list[i] = node.TileID{Z: int(t.Z), X: int(t.X), Y: int(t.Y)}
					}
					return list, nil
				}}, nil
		}, nil
	}
}

//go:embed graph/schema/*.graphqls
var schemaFiles embed.FS

// schema answers GET /schema.graphql: the files as they were written, with their descriptions.
func schema() http.Handler {
	var text bytes.Buffer
	names, err := fs.Glob(schemaFiles, "graph/schema/*.graphqls")
	for _, name := range names {
		part, readErr := schemaFiles.ReadFile(name)
		err = errors.Join(err, readErr)
		text.Write(part)
		text.WriteByte('\n')
	}
	if err != nil {
		panic("the embedded schema cannot be read: " + err.Error()) // it is part of the program
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text.Bytes()))
	})
}

// onlyHere reports whether this machine alone can reach the server, as far as it can tell: the accounts of the demo, without a second factor, may sign in then.
func onlyHere(addr string, public *url.URL) bool {
	at, err := netip.ParseAddrPort(addr)
	return err == nil && at.Addr().IsLoopback() && (public == nil || config.IsLoopback(public))
}

// addressOf is what people would type to reach the server: public, or where it listens.
func addressOf(l net.Listener, public *url.URL) *url.URL {
	if public != nil {
		return public
	}
	host := l.Addr().String()
	if at, err := netip.ParseAddrPort(host); err == nil && at.Addr().IsUnspecified() {
		host = net.JoinHostPort("localhost", fmt.Sprint(at.Port()))
	}
	return &url.URL{Scheme: "http", Host: host}
}
