package pmtiles

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// entry is an Entry of the specification: a run of tiles with one content or, where run is 0, a leaf directory that
// begins with the tile id. offset counts bytes from where the tiles, or the leaf directories, begin.
type entry struct {
	id, offset  uint64
	length, run uint32
}

const (
	// rootLimit is what header and root directory may take together: clients fetch so much at once.
	rootLimit = 16_384
	// leafEntries take some 10 KB: a leaf directory is fetched whole to find one tile.
	leafEntries = 4096
)

// directories encodes entries, of which there is one at least, as a root directory that fits behind the header, and
// what it refers to: nothing where all entries fit into the root, else leaf directories, the larger the more entries
// there are, so that no directory is ever deeper. size is how many entries a leaf directory has at least.
func directories(entries []entry, size int) (root, leaves []byte, err error) {
	if len(entries) <= rootLimit { // more hardly ever fit, and would be compressed in vain
		if root, err = encode(entries); err != nil || len(root) <= rootLimit-headerLength {
			return root, nil, err
		}
	}
	for ; ; size += (size + 3) / 4 {
		var refer []entry
		leaves = leaves[:0]
		for from := 0; from < len(entries); from += size {
			leaf, err := encode(entries[from:min(from+size, len(entries))])
			if err != nil {
				return nil, nil, err
			}
			refer = append(refer, entry{id: entries[from].id, offset: uint64(len(leaves)), length: uint32(len(leaf))})
			leaves = append(leaves, leaf...)
		}
		if root, err = encode(refer); err != nil || len(root) <= rootLimit-headerLength {
			return root, leaves, err
		}
	}
}

// encode writes a directory as the specification says ("Directory Serialization"): the number of entries, then column by
// column the ids as differences, the runs, the lengths and the offsets, of which 0 stands for one that follows the
// entry before; all as varints, zipped.
func encode(entries []entry) ([]byte, error) {
	plain := binary.AppendUvarint(nil, uint64(len(entries)))
	last := uint64(0)
	for _, e := range entries {
		plain = binary.AppendUvarint(plain, e.id-last)
		last = e.id
	}
	for _, e := range entries {
		plain = binary.AppendUvarint(plain, uint64(e.run))
	}
	for _, e := range entries {
		plain = binary.AppendUvarint(plain, uint64(e.length))
	}
	next := uint64(math.MaxUint64) // which no entry follows
	for _, e := range entries {
		if e.offset == next {
			plain = append(plain, 0)
		} else {
			plain = binary.AppendUvarint(plain, e.offset+1)
		}
		next = e.offset + uint64(e.length)
	}
	return zip(plain)
}

// zip compresses as much as it can: this is done once and fetched by everybody.
func zip(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(&out)
	_, err := w.Write(plain)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}

// Making a compressor takes longer than compressing a directory.
var compressors = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestCompression) // a level that there is
	return w
}}
