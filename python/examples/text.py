"""Compress text with a causal language model, in integers or of Hugging Face.

    python text.py compress book.txt book.fore-text --model smollm2.gguf
    python text.py decompress book.fore-text book.txt --model smollm2.gguf
    python text.py compress book.txt book.fore-text --model gpt2

A file is run by foretell.Model, whose logits are the same bits everywhere.

A model of Hugging Face is taken from the local cache and never downloaded. It is run on whole windows
of text to compress and token by token, with a cache, to decompress: its logits then
differ a little, which the stream's tolerance bears, as it does other library versions
and devices. The stream's guard tells if they differ too much, or if it is another model.
"""

import argparse
import hashlib
import os
import sys

import foretell

TOLERANCE = 1e-4  # ten times what float32 drifts by; docs/drift.md tells how to measure it


class Predictor:
    """Logits of the next token from a model that is called as those of Hugging Face
    are: model(input_ids, past_key_values=..., use_cache=True). Once the context is full
    it goes on from its last half.
    """

    def __init__(self, model, start, context, tensor):
        self.model, self.start, self.context, self.tensor = model, start, context, tensor
        self.cache, self.length, self.fed = None, 0, -1

    def __call__(self, before):
        if self.fed < 0:
            fresh = [self.start]
        elif self.length == self.context:
            self.cache, self.length = None, 0
            fresh = before[-(self.context // 2) :]
        else:
            fresh = before[self.fed :]
        output = self.model(self.tensor([fresh]), past_key_values=self.cache, use_cache=True)
        self.cache, self.length, self.fed = output.past_key_values, self.length + len(fresh), len(before)
        return output.logits[0, -1]


    def windows(self, tokens):
        """Yield the same logits a window at a time, each a matrix with a row for each of
        the tokens that it comes with."""
        half, at = self.context // 2, 0
        while at < len(tokens):
            fed = tokens[at - half : at - half + self.context] if at else [self.start, *tokens[: self.context - 1]]
            known = half - 1 if at else 0
            targets = tokens[at : at + len(fed) - known]
            output = self.model(self.tensor([fed]), past_key_values=None, use_cache=True)
            yield output.logits[0, known : known + len(targets)], targets
            at += len(targets)


class Exact:
    """Logits of the next token from a foretell.Model. Pieces of the text are predicted
    each by itself."""

    def __init__(self, model, piece=1024):
        self.model, self.piece = model, min(piece, model.positions)
        self.start, self.stream = model.start or 0, model.stream(positions=self.piece)

    def __call__(self, before):
        if len(before) % self.piece:
            return self.stream.step(before[-1:])[0]
        self.stream.reset()
        return self.stream.step([self.start])[0]

    def windows(self, tokens):
        for at in range(0, len(tokens), self.piece):
            targets = tokens[at : at + self.piece]
            yield self.model.logits([self.start, *targets[:-1]]), targets


def encode(tokens, predict, vocabulary, model_id, tolerance=TOLERANCE):
    """Return the framed stream of tokens under the logits of predict, by windows."""
    encoder = foretell.Encoder(framed=True, vocabulary=vocabulary, model=model_id, tolerance=tolerance)
    for logits, targets in predict.windows(tokens):
        encoder.encode(logits, targets, logits=True)
    return encoder.finish()


def decode(data, predict, vocabulary, model_id):
    """Return the tokens of a stream, token by token. DriftError if the logits differ by
    more than the stream's tolerance, ModelError if the model is another."""
    decoder = foretell.Decoder(data, framed=True, vocabulary=vocabulary, model=model_id)
    tokens = decoder.decode_with(predict, logits=True)
    if decoder.drift > 0.5:
        print(f"the model has drifted to {decoder.drift:.2f} of the tolerance: take a larger one", file=sys.stderr)
    return tokens


def load(name):
    """Return tokenizer, predictor, vocabulary and identity of a model in the cache."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(name, local_files_only=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(name, local_files_only=True).float().eval()
    digest = hashlib.sha256()
    for key, value in sorted(model.state_dict().items()):
        digest.update(key.encode() + value.cpu().contiguous().numpy().tobytes())

    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id

    def call(ids, **options):
        with torch.inference_mode():
            return model(ids.to(model.device), **options)

    context = min(getattr(model.config, "max_position_embeddings", 1024), 1024)
    predict = Predictor(call, start or 0, context, torch.tensor)
    return tokenizer, predict, model.get_output_embeddings().weight.shape[0], digest.digest()


def load_exact(path):
    """Return the same of a model in a file, whose tokenizer takes any bytes."""
    model = foretell.Model(path)
    return model, Exact(model), model.vocabulary, model.hash


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("verb", choices=("compress", "decompress"))
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--model", default="gpt2")
    options = parser.parse_args()
    exact = os.path.isfile(options.model)
    try:
        tokenizer, predict, vocabulary, model_id = load_exact(options.model) if exact else load(options.model)
    except (ImportError, OSError) as error:
        sys.exit(f"{options.model} cannot be loaded from the local cache: {error}")
    with open(options.source, "rb") as file:
        data = file.read()
    if options.verb == "compress" and exact:
        tokens = tokenizer.encode(data)
        if tokens.size and tokens.max() >= vocabulary:
            sys.exit("the model has no token for a byte of the text: foretell compress --model codes it all the same")
        result = encode(tokens, predict, vocabulary, model_id, tolerance=0)
        print(f"{len(data)} bytes, {len(tokens)} tokens, {len(result)} bytes: {8 * len(result) / max(len(data), 1):.2f} bits a byte")
    elif options.verb == "compress":
        text = data.decode()
        tokens = tokenizer.encode(text, add_special_tokens=False)
        if tokenizer.decode(tokens, clean_up_tokenization_spaces=False) != text:
            sys.exit("the tokenizer of this model does not give the text back")
        result = encode(tokens, predict, vocabulary, model_id)
        print(f"{len(data)} bytes, {len(tokens)} tokens, {len(result)} bytes: {8 * len(result) / len(text):.2f} bits a character")
    else:
        tokens = decode(data, predict, vocabulary, model_id)
        result = tokenizer.decode(tokens) if exact else tokenizer.decode(tokens, clean_up_tokenization_spaces=False).encode()
    with open(options.target, "wb") as file:
        file.write(result)


if __name__ == "__main__":
    main()
