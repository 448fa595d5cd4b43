// Package gqlconst is gqlgen as it comes: the part of the schema that gridAt with a worker needs, answered by whatever
// Answer is given. With a constant it shows what gqlgen itself costs, with a statement what the same question costs from
// PostGIS.
package gqlconst

//go:generate go tool gqlgen generate --config gqlgen.yml
