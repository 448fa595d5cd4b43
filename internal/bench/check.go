package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// What is quick and wrong must not win: each contestant is asked some questions whose answers PostGIS gave before.

// whereAnswer is what we read of an answer of /where.
type whereAnswer struct{ Grid *struct{ Code string } }

func (w whereAnswer) code() string {
	if w.Grid == nil {
		return ""
	}
	return w.Grid.Code
}

func (t *town) checkWhere(ctx context.Context, url string, n int) error {
	for _, s := range t.spots[:n] {
		_, b, err := ask(ctx, url, s.path(), "")
		if err != nil {
			return err
		}
		var a whereAnswer
		if err := json.Unmarshal(b, &a); err != nil {
			return err
		}
		if a.code() != s.code {
			return fmt.Errorf("%s is in grid %q, PostGIS says %q", s.path(), a.code(), s.code)
		}
	}
	return nil
}

// spotAnswer is what we read of an answer to spotQuery.
type spotAnswer struct {
	Data struct{ GridAt whereAnswer }
}

func (t *town) checkGridAt(ctx context.Context, url string, n int) error {
	for _, s := range t.spots[:n] {
		_, b, err := ask(ctx, url, body(spotQuery, map[string]any{"p": s.input()}), "")
		if err != nil {
			return err
		}
		var a spotAnswer
		if err := json.Unmarshal(b, &a); err != nil {
			return err
		}
		if got := a.Data.GridAt.code(); got != s.code {
			return fmt.Errorf("%v is in grid %q, PostGIS says %q", s, got, s.code)
		}
	}
	return nil
}

// checkNested sees that the nested read has all of the patch.
func checkNested(b []byte) error {
	var a struct {
		Data struct {
			Division struct {
				Children []struct {
					Grids struct {
						Nodes []struct {
							Code   string
							Worker *struct{ Name string }
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(b, &a); err != nil {
		return err
	}
	grids, workers := 0, 0
	for _, c := range a.Data.Division.Children {
		grids += len(c.Grids.Nodes)
		for _, g := range c.Grids.Nodes {
			if g.Worker != nil {
				workers++
			}
		}
	}
	if n := len(a.Data.Division.Children); n != patchCommunities || grids != patchGrids || workers != patchGrids {
		return fmt.Errorf("the nested read has %d communities with %d grids and %d workers", n, grids, workers)
	}
	return nil
}

func (t *town) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, t.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}
