package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
)

const (
	followTiles = `subscription { tilesChanged { version } }`
	initialised = `{"type":"connection_init"}`
)

// subscriptions put values into what WebSockets and server-sent events are asked, and keep what is answered.
func (t *town) subscriptions() error {
	for _, value := range []string{typedName, typedNumber, typedPhone, typedPassword} {
		for _, said := range talks(value) {
			if err := t.socket(said); err != nil {
				return fmt.Errorf("a WebSocket: %w", err)
			}
		}
	}
	v, err := t.visitor()
	if err != nil {
		return err
	}
	read := []string{"Accept", "text/event-stream"}
	for _, value := range []string{typedName, typedNumber, typedPhone, typedPassword} {
		for _, query := range wrongSubscriptions(value) {
			body, err := json.Marshal(map[string]any{"query": query, "operationName": "Q" + value, "variables": map[string]any{"since": value, value: []string{value}}})
			if err != nil {
				return err
			}
			if _, err := v.ask(true, "POST", "/graphql", jsonKind, string(body), read...); err != nil {
				return fmt.Errorf("%.50s…: %w", query, err)
			}
			if _, err := v.ask(true, "GET", "/graphql?query="+url.QueryEscape(query), "", "", read...); err != nil {
				return fmt.Errorf("%.50s…: %w", query, err)
			}
		}
		at := "/graphql?query=" + url.QueryEscape(followTiles+" # "+value) + "&x=" + url.QueryEscape(value)
		if _, err := v.ask(true, "GET", at, "", "", "Accept", "text/event-stream", "Last-Event-ID", url.QueryEscape(value)); err != nil {
			return err
		}
		if err := v.listen(at); err != nil { // what is right goes on until who asked leaves
			return err
		}
	}
	return nil
}

// wrongSubscriptions have a value where none belongs.
func wrongSubscriptions(value string) []string {
	return []string{
		`subscription { tilesChanged(layers: ["` + value + `"]) { version } }`,
		`subscription { tilesChanged(layers: ["grids"], of: "` + value + `") { version } }`,
		`subscription { tilesChanged(since: ["` + value + `"]) { version } }`,
		`subscription { tilesChanged { version v` + value + ` } }`,
		`subscription Q($since: P` + value + `) { tilesChanged(since: $since) { version } }`,
		`subscription { a: tilesChanged { version } viewer(x: "` + value + `") { kind } }`,
		`subscription { tilesChanged(since: "` + value,
		`query { searchAddress(text: "` + value + `") { x } }`,
	}
}

// talks are what is said over one connection each, message by message.
func talks(value string) (all [][]string) {
	marshal := func(m any) string {
		text, err := json.Marshal(m)
		if err != nil {
			panic(err) // they are texts
		}
		return string(text)
	}
	subscribe := func(id string, payload any) string {
		return marshal(map[string]any{"type": "subscribe", "id": id, "payload": payload})
	}
	for _, payload := range []any{
		map[string]any{"Authorization": value}, map[string]any{"Authorization": "Bearer " + value}, map[string]any{"Authorization": []string{value}},
		map[string]any{value: value, "Authorization": ""}, value, []string{value},
	} {
		all = append(all, []string{marshal(map[string]any{"type": "connection_init", "payload": payload}), subscribe(value, map[string]any{"query": followTiles})})
	}
	for _, wrong := range []string{
		value, `{"` + value, `{"type":"` + value + `"}`, `{"type":["` + value + `"]}`, `{"type":"connection_init","payload":` + value + `}`,
		`{"type":"connection_init","payload":"` + strings.Repeat(value, 1<<16/len(value)+1) + `"}`, // too long
	} {
		all = append(all, []string{wrong}, []string{initialised, wrong})
	}
	for _, id := range []string{value, strings.Repeat(value, 20), ""} {
		begin := subscribe(id, map[string]any{"query": followTiles, "variables": map[string]any{value: value}, "operationName": value})
		right := subscribe(id, map[string]any{"query": followTiles})
		all = append(all, []string{initialised, begin}, []string{initialised, right, right}, []string{initialised, right, marshal(map[string]string{"type": "complete", "id": id})})
	}
	said := []string{initialised}
	for i, query := range wrongSubscriptions(value) {
		said = append(said, subscribe(fmt.Sprint(i), map[string]any{"query": query, "variables": map[string]any{"since": value}}))
	}
	for i, payload := range []any{
		value, map[string]any{"query": []string{value}}, map[string]any{"query": followTiles, "variables": value}, map[string]any{"id": value},
		map[string]any{"query": followTiles, "operationName": value},
		map[string]any{"query": followTiles, "extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": value}}},
		map[string]any{"query": `mutation { searchResident(input: {identityNumber: "` + value + `", purpose: VISIT}) { residents { id } } }`},
	} {
		said = append(said, subscribe(fmt.Sprint("p", i), payload))
	}
	return append(all, append(said, marshal(map[string]any{"type": "ping", "payload": map[string]string{value: value}}), initialised))
}

// socket says what is to be said over one connection, and keeps what is answered, up to why it is closed. The ids that answers begin with are left
// out: they are those that the client chose, and lead back to it alone.
func (t *town) socket(said []string) error {
	t.requests++
	ctx, cancel := context.WithTimeout(t.ctx, time.Minute)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, t.url+"/graphql", &websocket.DialOptions{HTTPClient: &http.Client{Transport: elsewhere}, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	var kept bytes.Buffer
	if err := answer.Header.Write(&kept); err != nil {
		return err
	}
	for _, m := range append(said, `{"type":"ping"}`) { // when that is answered, so is all before
		if conn.Write(ctx, websocket.MessageText, []byte(m)) != nil {
			break // it was closed meanwhile: reading tells why
		}
	}
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("no answer to what begins with %.40q", said[0])
			}
			fmt.Fprintln(&kept, err)
			break
		}
		var m struct{ Type, ID string }
		if err := json.Unmarshal(text, &m); err != nil {
			return err
		}
		id, err := json.Marshal(m.ID)
		if err != nil {
			return err
		}
		kept.Write(bytes.Replace(text, append([]byte(`{"id":`), id...), []byte(`{"id":""`), 1))
		kept.WriteByte('\n')
		if m.Type == "pong" && !strings.Contains(said[len(said)-1], `"ping"`) {
			break
		}
	}
	return t.keep("socket", repeated.ReplaceAll(kept.Bytes(), nil))
}

// listen follows what has no end for a moment, and keeps what is told.
func (v *visitor) listen(path string) error {
	v.requests++
	ctx, cancel := context.WithTimeout(v.ctx, time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", v.url+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	w, err := v.client.Do(r)
	if err != nil {
		return err
	}
	defer w.Body.Close()
	var kept bytes.Buffer
	if err := w.Header.Write(&kept); err != nil {
		return err
	}
	text, err := io.ReadAll(w.Body)
	if err == nil {
		return fmt.Errorf("%.40s… ended by itself: %d %.100s", path, w.StatusCode, text)
	}
	kept.Write(text)
	return v.keep("events", kept.Bytes())
}
