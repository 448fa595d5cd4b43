package pmtiles

import "math/bits"

// MaxZoom is the deepest zoom whose ids fit into 64 bits.
const MaxZoom = 31

// ID is the TileId of the specification ("Entries"): the tile's place on the Hilbert curves of all zooms, one after the
// other from zoom 0. x counts from the west, y from the north, both from 0 to 2^z - 1; z is at most MaxZoom.
func ID(z uint8, x, y uint32) uint64 {
	id := First(z)
	for s := int(z) - 1; s >= 0; s-- {
		side := uint32(1) << s
		east, south := x>>s&1, y>>s&1
		id += uint64(3*east^south) << (2 * s)
		x, y = turn(side, x&(side-1), y&(side-1), east, south)
	}
	return id
}

// Tile is the tile with an ID.
func Tile(id uint64) (z uint8, x, y uint32) {
	z = uint8(bits.Len64(3*id+1)-1) / 2
	rest := id - First(z)
	for s := range z {
		quarter := uint32(rest>>(2*s)) & 3
		east := quarter >> 1
		south := quarter&1 ^ east
		x, y = turn(uint32(1)<<s, x, y, east, south)
		x, y = x|east<<s, y|south<<s
	}
	return z, x, y
}

// First is the ID with which a zoom begins, up to MaxZoom + 1. The four tiles within tile First(z)+n are
// First(z+1)+4n and the next three: each curve runs through the quarters of a tile before it goes on to the next tile.
func First(z uint8) uint64 {
	if z > MaxZoom {
		return 1 << 64 / 3 // (4^32 - 1) / 3
	}
	return (1<<(2*z) - 1) / 3
}

// turn lays a quarter's curve so that it begins and ends beside its neighbours': the northern quarters are mirrored.
func turn(side, x, y, east, south uint32) (uint32, uint32) {
	if south == 1 {
		return x, y
	}
	if east == 1 {
		x, y = side-1-x, side-1-y
	}
	return y, x
}
