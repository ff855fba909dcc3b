import type { Dashboard } from '../dashboard.ts';

const gib = 1024 ** 3;

export const source: Dashboard = {
  name: 'source',
  title: 'Source impact',
  description: 'What capture costs eLMIS: the WAL that it keeps for us, our connections, its own work beside it.',
  rows: [
    {
      title: 'The replication slot',
      panels: [
        {
          kind: 'stat',
          title: 'WAL kept for us',
          description: 'v2 cannot recycle it before we have read it.',
          unit: 'bytes',
          limits: { look: gib, bad: 2 * gib },
          query: { expr: 'mkondo:slot_retained_bytes', legend: 'kept' },
        },
        {
          kind: 'stat',
          title: 'Room left',
          description: 'WAL that v2 may still write before it gives the slot up (max_slot_wal_keep_size).',
          unit: 'bytes',
          limits: { look: 4 * gib, bad: gib },
          query: { expr: 'min(mkondo_v2_slot_room_bytes)', legend: 'room' },
        },
        {
          kind: 'stat',
          title: 'Readers of the slot',
          description: '1 while Debezium reads it.',
          unit: 'none',
          limits: { look: 1, bad: 0.5 },
          query: { expr: 'max(mkondo_v2_slot_active)', legend: 'active' },
        },
        {
          kind: 'stat',
          title: 'Given up',
          description: '1 when v2 has given up WAL that the slot needs, or is about to: then a new snapshot is due.',
          unit: 'none',
          limits: { look: 0.5, bad: 1 },
          query: { expr: 'max(mkondo_v2_slot_lost)', legend: 'lost' },
        },
        {
          kind: 'stat',
          title: 'Our connections',
          description: "Debezium's and the exporter's. Nobody else of us connects to v2.",
          unit: 'none',
          limits: { look: 8, bad: 15 },
          query: { expr: 'sum(mkondo_v2_connections_open{role=~"mkondo.*"})', legend: 'connections' },
        },
        {
          kind: 'stat',
          title: 'Oldest catalog row kept',
          description: 'Transactions. What vacuum may not remove from the system catalogs because of the slot.',
          unit: 'none',
          limits: { look: 1_000_000, bad: 100_000_000 },
          query: { expr: 'max(mkondo_v2_slot_catalog_age_transactions)', legend: 'age' },
        },
        {
          kind: 'graph',
          title: 'WAL kept, and not confirmed',
          description: 'Kept is up to what v2 could forget, unconfirmed up to what we have said is safe in Kafka.',
          unit: 'bytes',
          limits: { look: gib, bad: 2 * gib },
          queries: [
            { expr: 'mkondo_v2_slot_retained_bytes', legend: '{{slot}} kept' },
            { expr: 'mkondo_v2_slot_unconfirmed_bytes', legend: '{{slot}} unconfirmed' },
          ],
        },
        {
          kind: 'graph',
          title: 'Decoded for us',
          description: 'What v2 decodes of its log. Spilled: did not fit into its memory and went to a file first.',
          unit: 'Bps',
          limits: null,
          queries: [
            { expr: 'rate(mkondo_v2_decoding_total_bytes[$__rate_interval])', legend: '{{slot}} decoded' },
            { expr: 'rate(mkondo_v2_decoding_spill_bytes[$__rate_interval])', legend: '{{slot}} spilled' },
          ],
        },
      ],
    },
    {
      title: 'eLMIS at its own work',
      panels: [
        {
          kind: 'graph',
          title: 'Transactions',
          description: 'What eLMIS commits and rolls back. When it falls while users work, look whether we are why.',
          unit: 'cps',
          limits: null,
          queries: [
            { expr: 'rate(mkondo_v2_database_commits[$__rate_interval])', legend: 'committed' },
            { expr: 'rate(mkondo_v2_database_rollbacks[$__rate_interval])', legend: 'rolled back' },
          ],
        },
        {
          kind: 'graph',
          title: 'Connections',
          description: 'Of ours by role, and of all others, who need room.',
          unit: 'none',
          limits: { look: 100, bad: 180 },
          queries: [{ expr: 'mkondo_v2_connections_open', legend: '{{role}}' }],
        },
        {
          kind: 'graph',
          title: 'Blocks read from disk',
          description: 'Reading our log from disk rather than from memory would show here.',
          unit: 'cps',
          limits: null,
          queries: [{ expr: 'rate(mkondo_v2_database_blocks_read[$__rate_interval])', legend: 'blocks' }],
        },
        {
          kind: 'graph',
          title: 'Deadlocks and temporary files',
          description: 'Neither should come of us: we take no lock and sort nothing in v2.',
          unit: 'none',
          limits: { look: 1, bad: 10 },
          queries: [
            { expr: 'increase(mkondo_v2_database_deadlocks[$__rate_interval])', legend: 'deadlocks' },
            { expr: 'increase(mkondo_v2_database_temp_bytes[$__rate_interval])', legend: 'bytes in files' },
          ],
        },
      ],
    },
    {
      title: 'Disks',
      panels: [
        {
          kind: 'graph',
          title: 'Room on disks',
          description: 'Share that is free. An alert comes under a tenth.',
          unit: 'percentunit',
          limits: { look: 0.2, bad: 0.1 },
          queries: [{ expr: 'mkondo:disk_free:ratio', legend: '{{mountpoint}}' }],
        },
        {
          kind: 'graph',
          title: 'Size of v3',
          description: 'With indexes: landing keeps the newest image of each v2 row, whole.',
          unit: 'bytes',
          limits: null,
          queries: [{ expr: 'mkondo_v3_size_bytes', legend: '{{part}}' }],
        },
      ],
    },
  ],
};
