package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	foretellbeam "github.com/foretell/foretell/beam"
	"github.com/foretell/foretell/internal/realdata"
	"github.com/foretell/foretell/tokens"
)

// cut splits an array along its first axis into n npy files.
func cut(b *testing.B, info tokens.Info, data []byte, n int, to string) {
	b.Helper()
	rows := info.Shape[0]
	row := len(data) / rows
	for i := range n {
		from, until := i*rows/n, (i+1)*rows/n
		piece := info
		piece.Shape = append([]int{until - from}, info.Shape[1:]...)
		file, err := tokens.AppendNPYHeader(nil, piece)
		if err == nil {
			file = append(file, data[from*row:until*row]...)
			err = os.WriteFile(fmt.Sprintf("%s-%03d.npy", to, i), file, 0o644)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// realShards makes 200 shards of real tokens: video, audio and text.
func realShards(b *testing.B) string {
	b.Helper()
	data, in := realdata.Dir(b), b.TempDir()
	video, err := os.ReadFile(filepath.Join(data, "commavq", "taco-bell.npy"))
	if err != nil {
		b.Fatal(err)
	}
	const frames, cells = 1200, 128
	cut(b, tokens.Info{Type: tokens.Int64, Shape: []int{frames, cells}}, video[len(video)-8*frames*cells:], 60, filepath.Join(in, "video"))
	text, err := os.ReadFile(filepath.Join(data, "llm", "enwik-1M.gpt2.u16"))
	if err != nil {
		b.Fatal(err)
	}
	audio, err := filepath.Glob(filepath.Join(data, "encodec", "*.npz"))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range audio {
		file, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(in, filepath.Base(name)), file, 0o644)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	cut(b, tokens.Info{Type: tokens.Uint16, Shape: []int{len(text) / 2}}, text, 200-60-len(audio), filepath.Join(in, "text"))
	return in
}

// BenchmarkWorkers compresses 200 shards with one worker and with two, each in a
// process of its own, and reports the times, their ratio, the time of all CPUs and
// the most memory that a process had. It fails if a manifest's totals are not those of the files
// or the memory exceeds the bound that docs/scale.md states.
func BenchmarkWorkers(b *testing.B) {
	in := realShards(b)
	var took, cpu [3]time.Duration
	var memory [3]int64
	for b.Loop() {
		for workers := 1; workers <= 2; workers++ {
			out := b.TempDir()
			cmd := subprocess("--input", in+"/*", "--output", out, "--workers", fmt.Sprint(workers))
			begin := time.Now()
			if text, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, text)
			}
			took[workers] += time.Since(begin)
			cpu[workers] += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			memory[workers] = max(memory[workers], cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
			if bound := int64(256+192*workers) << 10; memory[workers] > bound {
				b.Errorf("%d workers took %d KiB of memory, more than %d", workers, memory[workers], bound)
			}
			agree(b, in, out)
		}
	}
	n := float64(b.N)
	b.ReportMetric(took[1].Seconds()/n, "s/1worker")
	b.ReportMetric(took[2].Seconds()/n, "s/2workers")
	b.ReportMetric(took[2].Seconds()/took[1].Seconds(), "ratio")
	b.ReportMetric(cpu[1].Seconds()/n, "cpu-s/1worker")
	b.ReportMetric(cpu[2].Seconds()/n, "cpu-s/2workers")
	b.ReportMetric(float64(memory[1])/1024, "MiB/1worker")
	b.ReportMetric(float64(memory[2])/1024, "MiB/2workers")
}

// agree checks the totals of a manifest against the files.
func agree(b *testing.B, in, out string) {
	b.Helper()
	totals, err := foretellbeam.ReadManifest(context.Background(), filepath.Join(out, foretellbeam.ManifestName), func(r foretellbeam.Record) error {
		fi, err := os.Stat(r.Output)
		if err == nil && fi.Size() != r.Bytes {
			err = fmt.Errorf("%s has %d bytes, the manifest says %d", r.Output, fi.Size(), r.Bytes)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	size, content := folderSize(b, out, "*.fore"), folderSize(b, in, "*")
	if totals.Shards != 200 || totals.Status[foretellbeam.Written] != 200 || totals.Bytes != size || totals.Content != content {
		b.Fatalf("%+v, but the files have %d bytes, the inputs %d", totals, size, content)
	}
}

// folderSize returns the bytes of the files in a folder that match a pattern.
func folderSize(b *testing.B, folder, pattern string) (size int64) {
	b.Helper()
	names, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range names {
		fi, err := os.Stat(name)
		if err != nil {
			b.Fatal(err)
		}
		size += fi.Size()
	}
	return size
}
