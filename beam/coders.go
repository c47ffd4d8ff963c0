package foretellbeam

import (
	"encoding/json"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

// Values travel between workers as JSON, which every runner carries without
// knowing the types. Beam finds a function in a worker by its name, and all
// instances of a generic function have one name: hence a pair for each type.
func init() {
	beam.RegisterCoder(reflect.TypeFor[Shard](), encodeShard, decodeShard)
	beam.RegisterCoder(reflect.TypeFor[task](), encodeTask, decodeTask)
	beam.RegisterCoder(reflect.TypeFor[Record](), encodeRecord, decodeRecord)
	beam.RegisterCoder(reflect.TypeFor[MemberStats](), encodeStats, decodeStats)
	beam.RegisterCoder(reflect.TypeFor[line](), encodeLine, decodeLine)
	beam.RegisterCoder(reflect.TypeFor[sample](), encodeSample, decodeSample)
	for _, t := range []reflect.Type{
		reflect.TypeFor[Shard](), reflect.TypeFor[task](), reflect.TypeFor[Record](), reflect.TypeFor[MemberStats](),
		reflect.TypeFor[line](), reflect.TypeFor[sample](),
	} {
		beam.RegisterType(t)
	}
}

func decode[T any](b []byte) (v T, err error) {
	err = json.Unmarshal(b, &v)
	return v, err
}

func encodeShard(v Shard) ([]byte, error) { return json.Marshal(v) }
func decodeShard(b []byte) (Shard, error) { return decode[Shard](b) }

func encodeTask(v task) ([]byte, error) { return json.Marshal(v) }
func decodeTask(b []byte) (task, error) { return decode[task](b) }

func encodeRecord(v Record) ([]byte, error) { return json.Marshal(v) }
func decodeRecord(b []byte) (Record, error) { return decode[Record](b) }

func encodeStats(v MemberStats) ([]byte, error) { return json.Marshal(v) }
func decodeStats(b []byte) (MemberStats, error) { return decode[MemberStats](b) }

func encodeLine(v line) ([]byte, error) { return json.Marshal(v) }
func decodeLine(b []byte) (line, error) { return decode[line](b) }

func encodeSample(v sample) ([]byte, error) { return json.Marshal(v) }
func decodeSample(b []byte) (sample, error) { return decode[sample](b) }
