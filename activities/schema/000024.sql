-- A row's hash is made of the text that COPY writes, in 64 bits, and a root's digest is the exclusive or of its rows' hashes, so
-- that it stays known when only a part was derived. Entries of before are compared row by row at their next derive, which
-- writes their rows once more as they are. Empty: not known, as after a mend.
UPDATE cdc.ledger SET digest = '';
