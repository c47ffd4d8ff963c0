"""Writes the golden files of this folder with the packages tokenizers and sentencepiece
(PyPI): small vocabularies, and what those libraries make of some texts.
"""

import glob
import json
import os
import tempfile

import sentencepiece
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

TEXTS = [
    "",
    "a",
    " ",
    "The cat sat on the mat; it wasn't his, and they'll say WE'VE I'M he'd 's.",
    "  two  spaces   three\n\nnew line \n  \r\n\r\n\tTab\t\tTabs  \n",
    "1 22 333 4444 55555 3.14159 0x1F 1,000,000 x1y22z",
    " 7 eight  9",
    "Price: $5.00 (approx.)!!! -- ...and more??? \n",
    "for (int i = 0; i < n; i++) {\n\tsum += a[i];\n}\n",
    "naïve café — œuvre “quoted” ‘single’ … ½ ² ٣ Ⅷ",
    "Привет, мир! 你好，世界。こんにちは 안녕 हिन्दी ไทย עברית العربية",
    "emoji 👍🏽 👨\u200d👩\u200d👧 é e\u0301\u0302 ﬁ",
    "nbsp\u00a0thin\u2009line\u2028para\u2029ideographic\u3000end\u0085nel",
    "<|endoftext|> <s> </s> <unk> <0x41>",
    "literal ▁ mark▁ here",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "don't DON'T 'tis ''s '' '",
    "\x00\x01\x7f control",
]
corpus = [open(name, encoding="utf-8").read() for name in sorted(glob.glob("../../../docs/*.md"))]

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace("{1,3}", "")


def split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


PRE = {
    "gpt-2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    "llama3": split(LLAMA3),
    "qwen2": split(QWEN2),
}

t = Tokenizer(models.BPE())
t.pre_tokenizer = PRE["llama3"]
t.decoder = decoders.ByteLevel()
t.train_from_iterator(corpus, trainers.BpeTrainer(
    vocab_size=700, special_tokens=["<|endoftext|>"], show_progress=False,
    initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
base = json.loads(t.to_str())
golden = {"tokenizer": base, "splitters": {}}
for name, pre in PRE.items():
    t.pre_tokenizer = pre
    t.encode_special_tokens = True
    golden["splitters"][name] = {
        "pre_tokenizer": json.loads(t.to_str())["pre_tokenizer"],
        "ids": [t.encode(s, add_special_tokens=False).ids for s in TEXTS],
    }
golden["texts"] = TEXTS
with open("bpe.json", "w") as f:
    json.dump(golden, f, ensure_ascii=False, separators=(",", ":"))

with tempfile.TemporaryDirectory() as folder:
    text = os.path.join(folder, "text")
    with open(text, "w") as f:
        f.write("\n".join(corpus))
    sentencepiece.SentencePieceTrainer.train(
        input=text, model_prefix=text, model_type="bpe", vocab_size=700, byte_fallback=True,
        character_coverage=0.995, add_dummy_prefix=False, remove_extra_whitespaces=False,
        normalization_rule_name="identity", split_digits=True, allow_whitespace_only_pieces=True,
        minloglevel=2)
    sp = sentencepiece.SentencePieceProcessor(model_file=text + ".model")
    kinds = [2 if sp.is_unknown(i) else 3 if sp.is_control(i) else 6 if sp.is_byte(i) else 1
             for i in range(sp.get_piece_size())]
    spm = {
        "tokens": [sp.id_to_piece(i) for i in range(sp.get_piece_size())],
        "scores": [sp.get_score(i) for i in range(sp.get_piece_size())],
        "types": kinds,
        "texts": TEXTS,
        "ids": [sp.encode(s) for s in TEXTS],
    }
with open("sentencepiece.json", "w") as f:
    json.dump(spm, f, ensure_ascii=False, separators=(",", ":"))
