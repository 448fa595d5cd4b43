package node

import (
	"time"

	"wangge/domain/audit"
	"wangge/domain/page"
)

// AuditConnection is a page of the audit.
type AuditConnection struct {
	Page   page.Page[audit.Link]
	Logins map[string]string // of accounts, by their ids
}

func (c *AuditConnection) entry(l audit.Link) *AuditEntry {
	return &AuditEntry{l, c.Logins[l.Entry.Actor]}
}

// Nodes are the entries.
func (c *AuditConnection) Nodes() []*AuditEntry {
	list := make([]*AuditEntry, len(c.Page.Items))
	for i, item := range c.Page.Items {
		list[i] = c.entry(item.Node)
	}
	return list
}

// Edges are the entries with their cursors.
func (c *AuditConnection) Edges() []*AuditEdge {
	list := make([]*AuditEdge, len(c.Page.Items))
	for i, item := range c.Page.Items {
		list[i] = &AuditEdge{c.entry(item.Node), item.Cursor}
	}
	return list
}

// PageInfo is where the page lies.
func (c *AuditConnection) PageInfo() *PageInfo {
	return (&List[audit.Link, AuditEntry]{Page: c.Page}).PageInfo()
}

// AuditEdge is an entry in a list.
type AuditEdge struct {
	entry *AuditEntry
	at    page.Cursor
}

// Node is the entry.
func (e *AuditEdge) Node() *AuditEntry { return e.entry }

// Cursor is its place.
func (e *AuditEdge) Cursor() string { return e.at.Encode() }

// AuditEntry is a deed, at its place in a chain.
type AuditEntry struct {
	Link  audit.Link
	login string // "": who acted has no account
}

// Chain is the name of its chain.
func (e *AuditEntry) Chain() string { return e.Link.Entry.Chain() }

// Number is its place there.
func (e *AuditEntry) Number() int { return int(e.Link.N) }

// At is when.
func (e *AuditEntry) At() time.Time { return e.Link.Entry.At }

// Actor is the id of the account.
func (e *AuditEntry) Actor() string { return e.Link.Entry.Actor }

// ActorLogin is the login of the account.
func (e *AuditEntry) ActorLogin() *string { return Optional(e.login) }

// Role is what kind of account it was.
func (e *AuditEntry) Role() string { return string(e.Link.Entry.Role) }

// Action is what was done.
func (e *AuditEntry) Action() string { return string(e.Link.Entry.Action) }

// Kind is what it was done to.
func (e *AuditEntry) Kind() *string { return Optional(e.Link.Entry.Object.Kind) }

// Object is which one that was.
func (e *AuditEntry) Object() *string { return Optional(e.Link.Entry.Object.ID) }

// Purpose is what personal data was asked for.
func (e *AuditEntry) Purpose() *Purpose {
	if e.Link.Entry.Purpose == "" {
		return nil
	}
	p := Purpose(e.Link.Entry.Purpose)
	return &p
}

// CaseNumber is what the purpose is about.
func (e *AuditEntry) CaseNumber() *string { return Optional(e.Link.Entry.Case) }

// Result is OK or the code of the refusal.
func (e *AuditEntry) Result() string { return e.Link.Entry.Result }

// Change is the number of the change that was made.
func (e *AuditEntry) Change() *int {
	if e.Link.Entry.Change == 0 {
		return nil
	}
	n := int(e.Link.Entry.Change)
	return &n
}

// Request is the id of the request.
func (e *AuditEntry) Request() *string { return Optional(e.Link.Entry.Request) }

// Network is where it was asked from.
func (e *AuditEntry) Network() *string { return Optional(e.Link.Entry.Network) }

// Hash is the seal.
func (e *AuditEntry) Hash() string { return e.Link.Hash.String() }
